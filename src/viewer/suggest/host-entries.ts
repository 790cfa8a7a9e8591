// The asks for one host → the entries that allow them, and little else: which agents, ports, methods and
// path prefixes belong together. Pure.

import type { Group } from './ask-groups.ts';
import type { HostSet } from './host-sets.ts';
import { coversPaths, type PathRule, reducePaths } from './path-set.ts';

/** An entry of enforce.yaml, and what it was made of. */
export type Entry = {
  readonly host: string;
  readonly subdomains: boolean;
  readonly ports: readonly number[];
  /** Null: anybody. */
  readonly agents: readonly string[] | null;
  /** Null: any. */
  readonly paths: readonly PathRule[] | null;
  readonly isPrivate: boolean;
  /** Where it is wider than what was asked for, and why. */
  readonly notes: readonly string[];
  readonly groups: readonly Group[];
};

/** Agents that ask a host for different paths get entries of their own, up to so many. */
const MAX_VARIANTS = 3;
/** More names than a person reads. */
const MAX_AGENTS = 1000;

/** What some agents need of one port. */
type Need = {
  readonly agents: ReadonlySet<string>;
  readonly ports: ReadonlySet<number>;
  readonly paths: readonly PathRule[] | null;
  readonly isPrivate: boolean;
  readonly notes: ReadonlySet<string>;
  readonly groups: readonly Group[];
};

const NO_REQUEST = 'no request was seen in its tunnels, so any would pass: narrow it, or delete it';
const UNSEEN = 'its tunnels are not looked into (network.yaml), so any request passes';
const UNCLEAR =
  'some paths can be read in several ways (an encoded slash, as npm has), which no prefix allows';
const SHORTENED = 'paths are shorter than what was asked for: there were too many';
const TOGETHER = 'agents ask for different paths: these are the paths of all of them';
const ANYBODY = 'so many agents asked that it is for anybody';
const WIDENED = 'any path: with prefixes it would not let all of it pass';

/** `anyPath`: prefixes were tried, and did not do. */
export function hostEntries(
  { host, below, why, isShortened, groups }: HostSet,
  anyPath: boolean,
): Entry[] {
  const byPort = new Map<number, Group[]>();
  for (const group of groups) {
    const list = byPort.get(group.port);
    if (list === undefined) byPort.set(group.port, [group]);
    else list.push(group);
  }
  const needs = [...byPort.values()].flatMap((each) => portNeeds(each, anyPath));
  const joined = join(needs, ({ agents, paths, isPrivate }) => [
    [...agents].sort(),
    paths,
    isPrivate,
  ]);
  return joined.map(({ agents, ports, paths, isPrivate, notes, groups: own }) => {
    const isForAll = agents.has('') || agents.size > MAX_AGENTS;
    return {
      host,
      subdomains: below,
      ports: [...ports].sort((a, b) => a - b),
      agents: isForAll ? null : [...agents].sort(),
      paths,
      isPrivate,
      notes: [
        ...(why === '' ? [] : [`all names below: ${why}`]),
        ...[...(isShortened && paths !== null ? new Set([...notes, SHORTENED]) : notes)].sort(),
        ...(isForAll && !agents.has('') ? [ANYBODY] : []),
      ],
      groups: own,
    };
  });
}

/** What is needed of one port, agents that need the same together. */
function portNeeds(groups: readonly Group[], anyPath: boolean): Need[] {
  const byAgent = new Map<string, Group[]>();
  for (const group of groups) {
    const list = byAgent.get(group.agent);
    if (list === undefined) byAgent.set(group.agent, [group]);
    else list.push(group);
  }
  // An address is private whoever asks.
  const isPrivate = groups.some((group) => group.isPrivate);
  let needs = [...byAgent.values()].map((own) => ({ ...needOf(own, anyPath), isPrivate }));
  const forAll = needs.find(({ agents }) => agents.has(''));
  if (forAll !== undefined) {
    const covered = needs.filter((need) => need !== forAll && covers(forAll, need));
    const all = mergeNeeds([forAll, ...covered], forAll.paths, ['']);
    needs = [all, ...needs.filter((need) => need !== forAll && !covered.includes(need))];
  }
  const joined = join(needs, ({ paths, agents }) => [paths, agents.has('')]);
  const narrow = joined.filter(({ paths, agents }) => paths !== null && !agents.has(''));
  if (narrow.length <= MAX_VARIANTS) return joined;
  const { paths, isWidened } = reducePaths(narrow.flatMap((need) => need.paths ?? []));
  const together = mergeNeeds(narrow, paths);
  const notes = new Set([...together.notes, TOGETHER, ...(isWidened ? [SHORTENED] : [])]);
  return [...joined.filter((need) => !narrow.includes(need)), { ...together, notes }];
}

/** Of the groups of one agent at one port. */
function needOf(groups: readonly Group[], anyPath: boolean): Need {
  const agents = new Set(groups.map(({ agent }) => agent));
  const ports = new Set(groups.map(({ port }) => port));
  const shared = { agents, ports, isPrivate: false, groups };
  const has = (kind: Group['kind']) => groups.some((group) => group.kind === kind);
  const requests = groups.filter(({ kind }) => kind === 'request');
  const notes = [
    ...(has('tunnel') ? [UNSEEN] : []),
    ...(has('ambiguous') ? [UNCLEAR] : []),
    ...(requests.length === 0 && !has('tunnel') && !has('ambiguous') ? [NO_REQUEST] : []),
  ];
  if (notes.length > 0) return { ...shared, paths: null, notes: new Set(notes) };
  if (anyPath) return { ...shared, paths: null, notes: new Set([WIDENED]) };
  const { paths, isWidened } = reducePaths(requests);
  return { ...shared, paths, notes: new Set(isWidened ? [SHORTENED] : []) };
}

function covers(wide: Need, narrow: Need): boolean {
  if (wide.paths === null) return true;
  return narrow.paths !== null && coversPaths(wide.paths, narrow.paths);
}

/** Needs that are alike in what `keyOf` says become one. */
function join(needs: readonly Need[], keyOf: (need: Need) => unknown): Need[] {
  const byKey = new Map<string, Need[]>();
  for (const need of needs) {
    const key = JSON.stringify(keyOf(need));
    const list = byKey.get(key);
    if (list === undefined) byKey.set(key, [need]);
    else list.push(need);
  }
  return [...byKey.values()].map((alike) => mergeNeeds(alike, alike[0]?.paths ?? null));
}

function mergeNeeds(
  needs: readonly Need[],
  paths: readonly PathRule[] | null,
  agents?: readonly string[],
): Need {
  return {
    agents: new Set(agents ?? needs.flatMap((need) => [...need.agents])),
    ports: new Set(needs.flatMap((need) => [...need.ports])),
    paths,
    isPrivate: needs.some(({ isPrivate }) => isPrivate),
    notes: new Set(needs.flatMap((need) => [...need.notes])),
    groups: needs.flatMap((need) => need.groups),
  };
}
