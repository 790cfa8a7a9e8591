// Which hosts of a log get an entry of their own, and which ones a common entry for a name above them:
// many names that one service has. Never a public suffix. Pure.

import { parentHosts, parseHost } from '../../shared/host.ts';
import { widerHosts } from '../../shared/policy-suffix.ts';
import type { Group, GroupsFound } from './ask-groups.ts';
import { FULL_DEPTH } from './path-set.ts';

/** Hosts that are asked for as one. */
export type HostSet = {
  readonly host: string;
  /** All names below it, too. */
  readonly below: boolean;
  /** Why there are no entries for each of them. */
  readonly why: string;
  /** Their prefixes are shorter than what was asked for. */
  readonly isShortened: boolean;
  readonly groups: readonly Group[];
};

/** So many names that are alike but for numbers and ids are one service. */
const MANY_ALIKE = 8;
/** So many names beside each other that are asked for in the same way are, too. */
const MANY = 30;
const ID = /^(?:[0-9a-f]{7,}|(?=(?:[^0-9]*[0-9]){2})(?=.*[a-z])[a-z0-9-]{10,})$/;

type Node = GroupsFound['hosts'][number];

/** `apart`: hosts, and names above hosts, that are not to be part of a wider entry, or be one. */
export function hostSets(nodes: readonly Node[], apart: ReadonlySet<string>): HostSet[] {
  const domains = nodes.flatMap(({ host }) => (host.startsWith('*.') ? host.slice(2) : []));
  const parents = new Map<string, string>(
    domains.map((domain) => [domain, 'more names below it were seen than are told apart']),
  );
  for (const [parent, why] of commonParents(nodes, apart)) {
    if (!parents.has(parent)) parents.set(parent, why);
  }
  const sets = new Map<
    string,
    Omit<HostSet, 'isShortened'> & { isShortened: boolean; groups: Group[] }
  >();
  for (const { host, depth, groups } of nodes) {
    const isShortened = depth < FULL_DEPTH;
    const parent = host.startsWith('*.') ? host.slice(2) : parentOf(host, parents, apart);
    const key = parent === null ? host : `*.${parent}`;
    const set = sets.get(key);
    if (set !== undefined) {
      set.isShortened ||= isShortened;
      for (const group of groups) set.groups.push(group);
      continue;
    }
    const why = parent === null ? '' : (parents.get(parent) ?? '');
    const known = { host: parent ?? host, below: parent !== null, why, isShortened };
    sets.set(key, { ...known, groups: [...groups] });
  }
  return [...sets.values()];
}

/** The nearest name above a host that has an entry for all below it. */
function parentOf(
  host: string,
  parents: ReadonlyMap<string, string>,
  apart: ReadonlySet<string>,
): string | null {
  if (apart.has(host) || parents.size === 0) return null;
  const name = parseHost(host);
  if (typeof name !== 'string') return null;
  return parentHosts(name).find((above) => above !== host && parents.has(above)) ?? null;
}

function commonParents(nodes: readonly Node[], apart: ReadonlySet<string>): Map<string, string> {
  const alike = new Map<string, { readonly parent: string; count: number }>();
  const beside = new Map<string, { readonly parent: string; count: number }>();
  for (const { host, groups } of nodes) {
    const dot = host.indexOf('.');
    if (dot < 1 || apart.has(host) || host.startsWith('*.')) continue;
    const parent = host.slice(dot + 1);
    const ways = waysOf(groups);
    count(alike, `${patternOf(host.slice(0, dot))} ${parent} ${ways}`, parent);
    count(beside, `${parent} ${ways}`, parent);
  }
  const found = new Map<string, string>();
  const take = (counts: typeof alike, least: number, why: string) => {
    for (const { parent, count: times } of counts.values()) {
      if (times < least || apart.has(parent) || found.has(parent)) continue;
      // Asked only where it matters: it takes a while.
      if (isSomebodys(parent)) found.set(parent, `${times} ${why}`);
    }
  };
  take(alike, MANY_ALIKE, 'names that differ by numbers or ids were asked for in the same way');
  take(beside, MANY, 'names beside each other were asked for in the same way');
  return found;
}

function count(
  counts: Map<string, { readonly parent: string; count: number }>,
  key: string,
  parent: string,
): void {
  const known = counts.get(key);
  if (known === undefined) counts.set(key, { parent, count: 1 });
  else known.count += 1;
}

/** Whether a rule may reach from this name to all below it: of an address no part is a name. */
function isSomebodys(parent: string): boolean {
  const probe = `leash-probe.${parent}`;
  return widerHosts(probe)[0] === parent;
}

/** How a host is asked for: what makes two hosts one service. */
function waysOf(groups: readonly Group[]): string {
  const ways = groups.map(({ port, kind, method, isPrivate }) =>
    [port, kind, method, isPrivate].join(' '),
  );
  return [...new Set(ways)].sort().join();
}

/** `lb-12` → `lb-#`, `9f8a7b6c5d` → an id. */
function patternOf(label: string): string {
  return ID.test(label) ? '<id>' : label.replace(/[0-9]+/g, '#');
}
