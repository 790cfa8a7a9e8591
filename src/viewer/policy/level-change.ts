// Which hosts get entries of their own by a change, or lose them, below an entry that is wider: the most
// specific level decides alone, so that a narrow block lets pass what a parent blocked. Pure.

import { type Host, parentHosts } from '../../shared/host.ts';
import type { PolicySource, Rule } from '../../shared/policy-source.ts';

/** A host, and the host of the entry above it that decided, or decides from now on. */
export type LevelChange = { readonly host: string; readonly parent: string };
export type LevelChanges = {
  /** The host's first entry says less than the parent's, which counts for it no more. */
  readonly narrows: readonly LevelChange[];
  /** The host's last entry is gone, and the parent's says more. */
  readonly widens: readonly LevelChange[];
};

type Levels = ReadonlyMap<string, readonly Rule[]>;

/** As many as one change of the page has entries. */
const MAX_SHOWN = 200;

/** What a change of a list means for hosts whose parent has an entry; both at this time. */
export function levelChanges(before: PolicySource, after: PolicySource, nowMs: number) {
  const both = (list: 'allow' | 'block', narrows: boolean) => {
    const [old, now] = [levelsOf(before[list], nowMs), levelsOf(after[list], nowMs)];
    return narrows ? appeared(old, now) : appeared(now, old);
  };
  const of = (narrows: boolean) =>
    [...both('allow', narrows), ...both('block', narrows)].slice(0, MAX_SHOWN);
  return { narrows: of(true), widens: of(false) } satisfies LevelChanges;
}

/** Hosts with a level in `here` only, which leaves out something of what a parent in `without` says. */
function appeared(without: Levels, here: Levels): LevelChange[] {
  return [...here].flatMap(([host, level]) => {
    const old = without.get(host) ?? [];
    // The host itself, and the names below it, for which not all its entries count.
    const forBelow = level.filter(below);
    const added = [
      ...(old.length === 0 ? [level] : []),
      ...(forBelow.length > 0 && !old.some(below) ? [forBelow] : []),
    ];
    if (added.length === 0) return [];
    const parent = parentHosts(host as Host)
      .slice(1)
      .find((name) => without.get(name)?.some(below));
    if (parent === undefined) return [];
    const above = (without.get(parent) ?? []).filter(below);
    const isWhole = (own: readonly Rule[]) =>
      above.every((rule) => own.some((each) => covers(each, rule)));
    return added.every(isWhole) ? [] : [{ host, parent }];
  });
}

function below(rule: Rule): boolean {
  return rule.subdomains;
}

/** Whether an entry says all that another one says, of whatever host. */
function covers(own: Rule, other: Rule): boolean {
  return (
    isWithin(other.ports, own.ports) &&
    isWithin(other.agents, own.agents) &&
    (own.private || !other.private) &&
    (own.paths === null ||
      (other.paths?.every((path) => own.paths?.some((wide) => coversPath(wide, path))) ?? false))
  );
}

function isWithin<T>(few: readonly T[] | null, many: readonly T[] | null): boolean {
  return many === null || (few?.every((each) => many.includes(each)) ?? false);
}

type Path = { readonly method: string; readonly prefix: string };

function coversPath(wide: Path, narrow: Path): boolean {
  const sameMethod = wide.method === '' || wide.method === narrow.method;
  return sameMethod && narrow.prefix.startsWith(wide.prefix);
}

function levelsOf(rules: readonly Rule[], nowMs: number): Levels {
  const levels = new Map<string, Rule[]>();
  for (const rule of rules) {
    if (rule.expiresAtMs !== null && rule.expiresAtMs <= nowMs) continue;
    const level = levels.get(rule.host);
    if (level === undefined) levels.set(rule.host, [rule]);
    else level.push(rule);
  }
  return levels;
}
