// Groups of asks → the allowlist that lets them pass, held against `decide` before anybody sees it: what it
// would not let pass is widened, and what cannot be is said. Pure.

import { parseAuthority, parsePath } from '../../shared/host.ts';
import { type Ask, compilePolicy, decide, type Policy } from '../../shared/policy.ts';
import { joinContent } from '../../shared/policy-join.ts';
import { EMPTY_POLICY, type PolicySource, type Rule } from '../../shared/policy-source.ts';
import type { Group, GroupsFound } from './ask-groups.ts';
import { type Entry, hostEntries } from './host-entries.ts';
import { type HostSet, hostSets } from './host-sets.ts';

/** What will stand beside the allowlist. */
export type Beside = {
  /** Of the overlay: for hosts that the list does not name. */
  readonly overlay: readonly Rule[];
};

export type Suggestion = {
  /** By host. */
  readonly entries: readonly Entry[];
  /** Asks that no entry of it lets pass. */
  readonly uncovered: readonly Group[];
};

/** A wide entry that does not do is taken apart, then prefixes are left out. */
const MAX_ROUNDS = 4;

export function suggestEntries(
  { hosts }: Pick<GroupsFound, 'hosts'>,
  { overlay }: Beside,
): Suggestion {
  // Entries of the overlay would come before a wider one, so these hosts are named.
  const apart = new Set(overlay.map(({ host }) => host));
  const anyPath = new Set<string>();
  for (let round = 1; ; round += 1) {
    const sets = hostSets(hosts, apart);
    const bySet = sets.map((set) => ({ set, entries: hostEntries(set, anyPath.has(keyOf(set))) }));
    const entries = bySet.flatMap((each) => each.entries);
    const policy = policyOf(entries, overlay);
    const failed = sets.flatMap((set) => {
      const groups = set.groups.filter((group) => !passes(policy, group));
      return groups.length === 0 ? [] : { set, groups };
    });
    if (failed.length === 0 || round === MAX_ROUNDS) {
      return { entries: inOrder(entries), uncovered: failed.flatMap(({ groups }) => groups) };
    }
    for (const { set, groups } of failed) {
      if (set.below) for (const group of groups) apart.add(group.host);
      else anyPath.add(keyOf(set));
    }
  }
}

/** The entries as rules: those of the text that is made of them. */
export function toRules(entries: readonly Entry[]): Rule[] {
  return entries.map(({ host, subdomains, ports, agents, paths, isPrivate }) => ({
    host,
    subdomains,
    ports,
    agents,
    paths,
    private: isPrivate,
    expiresAtMs: null,
    reason: '',
    text: host,
  }));
}

/** What a group asks for, as one ask. */
export function askOfGroup({ host, port, agent, kind, method, prefix }: Group): Ask | null {
  const target = parseAuthority(host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`, null);
  if ('problem' in target) return null;
  const ask = { target, agent, nowMs: 0 };
  if (kind === 'connect' || kind === 'tunnel') return { ...ask, stage: kind };
  const path = parsePath(prefix === '' ? '/' : prefix);
  if ('problem' in path) return null;
  // Its path is not kept: no prefix may allow it, whatever it is.
  const ambiguous = kind === 'ambiguous';
  return { ...ask, stage: 'request', method: method || 'GET', path: path.path, ambiguous };
}

function policyOf(entries: readonly Entry[], overlay: readonly Rule[]): Policy {
  const source: PolicySource = { ...EMPTY_POLICY, allow: toRules(entries) };
  return compilePolicy(1, joinContent(source, { allow: overlay }));
}

function passes(policy: Policy, group: Group): boolean {
  const ask = askOfGroup(group);
  if (ask === null) return false;
  const { allow, privateRule } = decide(policy, ask);
  return allow && (privateRule || !group.isPrivate);
}

/** The same log gives the same text. */
function inOrder(entries: readonly Entry[]): Entry[] {
  const keyed = entries.map((entry) => {
    const { host, agents, ports } = entry;
    return { entry, key: [host, (agents ?? []).join(), ports.join()].join(' ') };
  });
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return keyed.map(({ entry }) => entry);
}

function keyOf({ host, below }: HostSet): string {
  return below ? `*.${host}` : host;
}
