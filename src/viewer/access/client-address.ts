// Whose request is it? Pure. The address of the socket, unless a trusted proxy stands in front.
// One helper for this question: the wrong answer lets an agent pass as an operator
// (CVE-2026-39409, CVE-2026-27700: mapped IPv6 forms, and believed headers).
//
// Invariant: X-Forwarded-For counts only when the socket belongs to a trusted proxy, from the right.

import { canonicalIp, cidrContains, parseCidr } from '../../shared/address.ts';

/**
 * Address of the socket's other end, `X-Forwarded-For` as received, trusted CIDRs → the client in
 * canonical form, or null where it cannot be known (which must be treated as an agent).
 */
export function clientAddress(
  remote: string | undefined,
  forwardedFor: string | undefined,
  trustedProxies: readonly string[],
): string | null {
  const socket = canonicalIp(remote ?? '');
  if (socket === null || !inNetworks(socket, trustedProxies)) return socket;
  const hops = (forwardedFor ?? '').split(',').map((hop) => hop.trim());
  let client: string | null = socket;
  for (const hop of hops.reverse()) {
    if (hop === '') continue;
    client = canonicalIp(withoutPort(hop));
    if (client === null || !inNetworks(client, trustedProxies)) return client;
  }
  return client;
}

/** Whether an address lies in one of these networks. A network that cannot be read holds nothing. */
export function inNetworks(ip: string, networks: readonly string[]): boolean {
  return networks.some((text) => {
    const cidr = parseCidr(text);
    return !('problem' in cidr) && cidrContains(cidr, ip);
  });
}

function withoutPort(hop: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(hop);
  if (bracketed) return bracketed[1] ?? '';
  return /^([\d.]+):\d{1,5}$/.exec(hop)?.[1] ?? hop;
}
