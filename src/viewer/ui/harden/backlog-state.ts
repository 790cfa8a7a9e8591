// Groups of the backlog as the page holds them: pages of the server added up, sorted, some ignored.
// Pure.

import { formatTerm } from '../../../shared/query.ts';
import type { BacklogGroup } from '../../harden/backlog.ts';

export type Sort = 'count' | 'last';
export type HostGroups = {
  readonly host: string;
  readonly count: number;
  readonly last: number;
  readonly groups: readonly BacklogGroup[];
};

/** What tells a group from others, over all pages. */
export function keyOf({ host, port, agent, client, method, prefix }: BacklogGroup): string {
  return JSON.stringify([host, port, agent || client, method, prefix]);
}

/** Groups of a newer and of an older part of the log → those of both. */
export function addGroups(
  known: readonly BacklogGroup[],
  more: readonly BacklogGroup[],
): readonly BacklogGroup[] {
  const all = new Map(known.map((group) => [keyOf(group), group]));
  for (const group of more) {
    const old = all.get(keyOf(group));
    all.set(keyOf(group), old === undefined ? group : sum(old, group));
  }
  return [...all.values()];
}

/** By host; hosts and their groups in this order. */
export function byHost(groups: readonly BacklogGroup[], sort: Sort): readonly HostGroups[] {
  const hosts = new Map<string, BacklogGroup[]>();
  for (const group of groups) {
    const list = hosts.get(group.host);
    if (list === undefined) hosts.set(group.host, [group]);
    else list.push(group);
  }
  return [...hosts]
    .map(([host, list]) => ({
      host,
      count: list.reduce((total, { count }) => total + count, 0),
      last: Math.max(...list.map(({ last }) => last)),
      groups: list.sort((a, b) => b[sort] - a[sort]),
    }))
    .sort((a, b) => b[sort] - a[sort]);
}

/** The query that shows the requests of a group in the log. */
export function queryOf(group: BacklogGroup, since: string): string {
  const { host, port, agent, client, method, prefix } = group;
  return [
    formatTerm('class', ['would_block', 'blocked']),
    formatTerm('host', [host]),
    formatTerm('port', [String(port)]),
    agent === '' ? formatTerm('client', [client]) : formatTerm('agent', [agent]),
    ...(method === '' ? [] : [formatTerm('method', [method])]),
    // Stars and commas of a path would mean something else.
    ...(prefix === '' || prefix === '/' || /[*,]/.test(prefix)
      ? []
      : [formatTerm('url', [`*${prefix}*`])]),
    `since:${since}`,
  ].join(' ');
}

/** `GET /repos/acme/…`: what an entry for this group would say. */
export function narrowText({ method, prefix }: BacklogGroup): string {
  if (prefix === '') return 'the host (no path is known)';
  return `${method} ${prefixText(prefix)}`;
}

/** What a prefix lets pass, which is more than a path that is spelt like it. */
export function prefixText(prefix: string): string {
  if (prefix === '/') return 'any path';
  return prefix.endsWith('/') ? `${prefix}…` : `begins with ${prefix}`;
}

/** How many groups an entry of method and prefix does not narrow to some paths; empty: none. */
export function anyPathText(groups: readonly BacklogGroup[]): string {
  const wide = groups.filter(({ prefix }) => prefix === '' || prefix === '/');
  if (wide.length === 0) return '';
  const hosts = [...new Set(wide.map(({ host }) => host))];
  const more = hosts.length > MAX_NAMED ? ` and ${hosts.length - MAX_NAMED} more` : '';
  const become = wide.length === 1 ? 'group becomes' : 'groups become';
  return `${wide.length} ${become} any path of a host: ${hosts.slice(0, MAX_NAMED).join(', ')}${more}.`;
}

/** Hosts that one sentence names. */
const MAX_NAMED = 5;

/** `2xx 12, 4xx 1` */
export function statusText(statuses: Readonly<Record<string, number>>): string {
  return Object.entries(statuses)
    .sort()
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

function sum(a: BacklogGroup, b: BacklogGroup): BacklogGroup {
  const statuses = { ...a.statuses };
  for (const [name, count] of Object.entries(b.statuses)) {
    statuses[name] = (statuses[name] ?? 0) + count;
  }
  return {
    ...a,
    cut: a.cut || b.cut,
    count: a.count + b.count,
    blocked: a.blocked + b.blocked,
    first: Math.min(a.first, b.first),
    last: Math.max(a.last, b.last),
    statuses,
    bytes: a.bytes + b.bytes,
    sent: a.sent + b.sent,
  };
}
