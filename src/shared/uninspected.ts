// Tunnels that leash relays without looking inside, because the operator listed them in network.yaml:
// `passthrough` (TLS of clients that pin certificates, by host) and `opaque` (any bytes, by host and
// port). Pure.

import type { Target } from './host.ts';
import { compileHosts, type HostList, listsHost } from './host-list.ts';

/** How a tunnel is carried; `null`: opened and inspected. */
export type Uninspected = 'passthrough' | 'opaque' | null;

export type UninspectedRules = {
  readonly passthrough: HostList;
  readonly opaque: ReadonlySet<string>;
};

/** Validated entries: `host` or `*.host`, and `host:port`. */
export function compileUninspected(
  passthrough: readonly string[],
  opaque: readonly string[],
): UninspectedRules {
  return { passthrough: compileHosts(passthrough), opaque: new Set(opaque) };
}

/** What the operator says about tunnels to this target. */
export function uninspectedKind(rules: UninspectedRules, target: Target): Uninspected {
  if (rules.opaque.has(target.authority)) return 'opaque';
  return listsHost(rules.passthrough, target.host) ? 'passthrough' : null;
}
