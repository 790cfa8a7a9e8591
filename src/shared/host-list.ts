// A list of hosts in network.yaml: `host` is that name or address alone, `*.host` all names below it,
// too. Pure.

import { type Host, parentHosts } from './host.ts';

export type HostList = {
  readonly exact: ReadonlySet<string>;
  /** Names that stand for all names below them, too. */
  readonly below: ReadonlySet<string>;
};

/** Validated entries, in normal form. */
export function compileHosts(entries: readonly string[]): HostList {
  const below = entries.filter((entry) => entry.startsWith('*.')).map((entry) => entry.slice(2));
  return { exact: new Set(entries), below: new Set(below) };
}

export function listsHost({ exact, below }: HostList, host: Host): boolean {
  if (exact.has(host)) return true;
  return below.size > 0 && parentHosts(host).some((parent) => below.has(parent));
}
