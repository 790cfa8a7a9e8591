// The conditions on method and path that an entry would have: fewer and wider ones, where there are too
// many for a person to read. Pure.

import { parsePath } from '../../shared/host.ts';

/** As in a rule: `method` in upper case, '' = any. */
export type PathRule = { readonly method: string; readonly prefix: string };

/** The deepest prefix that the folder of ids leaves (path-prefix.ts). */
export const FULL_DEPTH = 3;
/** More than a person reads. */
const MAX_PATHS = 24;

/** A prefix cut to so many names: `/a/b/c` at 1 → `/a/`; one that has no more stays. */
export function cutPrefix(prefix: string, depth: number): string {
  const names = prefix.split('/').slice(1);
  const isFolder = names.at(-1) === '';
  if (names.length - (isFolder ? 1 : 0) <= depth) return prefix;
  return depth === 0 ? '/' : `/${names.slice(0, depth).join('/')}/`;
}

/** The longest prefix of this one that a rule may have. */
export function validPrefix(prefix: string): string {
  for (let depth = FULL_DEPTH; depth > 0; depth -= 1) {
    const cut = cutPrefix(prefix, depth);
    const path = parsePath(cut);
    if (!('problem' in path) && !path.ambiguous && path.path === cut) return cut;
  }
  return '/';
}

/** Those that say all of it, in order, without those that others include; at most as many as one reads. */
export function reducePaths(paths: readonly PathRule[]): {
  readonly paths: readonly PathRule[];
  /** They are wider than what was asked for, because that was too much. */
  readonly isWidened: boolean;
} {
  for (let depth = FULL_DEPTH; depth >= 0; depth -= 1) {
    const cut = withoutIncluded(
      paths.map(({ method, prefix }) => ({ method, prefix: cutPrefix(prefix, depth) })),
    );
    if (cut.length <= MAX_PATHS) return { paths: cut, isWidened: depth < FULL_DEPTH };
  }
  // So many methods are none of a service.
  return { paths: [{ method: '', prefix: '/' }], isWidened: true };
}

/** Whether each of these is included in one of the others. */
export function coversPaths(wide: readonly PathRule[], narrow: readonly PathRule[]): boolean {
  return narrow.every((one) => wide.some((other) => includes(other, one)));
}

function withoutIncluded(paths: readonly PathRule[]): PathRule[] {
  const byMethod = new Map<string, Set<string>>();
  for (const { method, prefix } of paths) {
    const prefixes = byMethod.get(method);
    if (prefixes === undefined) byMethod.set(method, new Set([prefix]));
    else prefixes.add(prefix);
  }
  return [...byMethod.keys()].sort().flatMap((method) => {
    const kept: PathRule[] = [];
    // In order of text what includes another comes before it, with others of its own between.
    let last: string | null = null;
    for (const prefix of [...(byMethod.get(method) ?? [])].sort()) {
      if (last !== null && prefix.startsWith(last)) continue;
      last = prefix;
      kept.push({ method, prefix });
    }
    return kept;
  });
}

function includes(wide: PathRule, narrow: PathRule): boolean {
  return (
    (wide.method === '' || wide.method === narrow.method) && narrow.prefix.startsWith(wide.prefix)
  );
}
