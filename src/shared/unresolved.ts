// The verdict on a target that leash does not resolve, because the upstream proxy does: an address is
// judged as an address, a name by what it says of itself. Pure.
//
// Invariant: a target that is not resolved is judged all the same: never this host by any spelling.

import { type AddressContext, type AddressVerdict, judgeAddress } from './address.ts';
import type { Host, Target } from './host.ts';

/** What `localhost` is an address of, on every machine. */
const LOOPBACK = '127.0.0.1';
/** Names that no public server can have: RFC 6762, RFC 8375, ICANN's private use, /etc/hosts of old. */
const PRIVATE_SUFFIX = /\.(?:local|home\.arpa|internal|localdomain[46]?)$/;

/** Whether the upstream proxy may be asked for this target. */
export function judgeUnresolved(target: Target, ctx: AddressContext): AddressVerdict {
  const { host, port, isIp } = target;
  if (isIp) return judgeAddress(host, port, ctx);
  if (isLoopbackName(host)) return judgeAddress(LOOPBACK, port, ctx);
  // A name without a dot is one of the proxy's own network, or of its /etc/hosts.
  const isPrivate = !host.includes('.') || PRIVATE_SUFFIX.test(host);
  return !isPrivate || ctx.privateRule ? 'ok' : 'address_not_allowed';
}

/** RFC 6761 6.3, and what distributions write beside it: `localhost6`, `ip6-loopback`. */
function isLoopbackName(host: Host): boolean {
  return /(?:^|\.)(?:ip6-)?(?:localhost[46]?|loopback)(?:\.localdomain[46]?)?$/.test(host);
}
