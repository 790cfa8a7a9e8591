// Tunnels that leash relays without looking inside, because the operator listed them in network.yaml:
// `passthrough` (TLS of clients that pin certificates, by host) and `opaque` (any bytes, by host and
// port). Pure.

import { type Host, parentHosts, type Target } from './host.ts';

/** How a tunnel is carried; `null`: opened and inspected. */
export type Uninspected = 'passthrough' | 'opaque' | null;

export type UninspectedRules = {
  readonly exact: ReadonlySet<string>;
  /** Names that stand for all names below them, too. */
  readonly below: ReadonlySet<string>;
  readonly opaque: ReadonlySet<string>;
};

/** Validated entries: `host` or `*.host`, and `host:port`. */
export function compileUninspected(
  passthrough: readonly string[],
  opaque: readonly string[],
): UninspectedRules {
  const wild = passthrough.filter((entry) => entry.startsWith('*.'));
  return {
    exact: new Set(passthrough),
    below: new Set(wild.map((entry) => entry.slice(2))),
    opaque: new Set(opaque),
  };
}

/** What the operator says about tunnels to this target. */
export function uninspectedKind(rules: UninspectedRules, target: Target): Uninspected {
  if (rules.opaque.has(target.authority)) return 'opaque';
  if (rules.exact.has(target.host)) return 'passthrough';
  const listed = (host: Host) => rules.below.has(host);
  return rules.below.size > 0 && parentHosts(target.host).some(listed) ? 'passthrough' : null;
}
