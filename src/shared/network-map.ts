// Which network does an address lie in? The most specific one, in time that grows with the number
// of prefix lengths in use, not with the number of networks. Pure.

import { canonicalIp, networkText, parseCidr } from './address.ts';

/** Networks by text, and their lengths, longest first: a look-up costs one hash per length. */
export type NetworkMap = {
  readonly lengths: readonly { readonly family: 4 | 6; readonly bits: number }[];
  readonly names: ReadonlyMap<string, string>;
};

/** Validated networks with a name each → map. Where two are the same, the first one counts. */
export function networkMap(
  entries: readonly { readonly name: string; readonly network: string }[],
): NetworkMap {
  const names = new Map<string, string>();
  const lengths = new Map<string, { family: 4 | 6; bits: number }>();
  for (const { name, network } of entries) {
    const cidr = parseCidr(network);
    // The networks were validated where the files were read; a problem here is a fault in leash.
    if ('problem' in cidr) throw new TypeError(`Cannot compile policy: ${cidr.problem}`);
    const family = cidr.bytes.length === 4 ? 4 : 6;
    if (!names.has(cidr.text)) names.set(cidr.text, name);
    lengths.set(`${family}/${cidr.bits}`, { family, bits: cidr.bits });
  }
  return { names, lengths: [...lengths.values()].sort((a, b) => b.bits - a.bits) };
}

/** Name of the most specific network that the address lies in, or null. */
export function findNetwork(map: NetworkMap, clientIp: string): string | null {
  // Asked for each request, and most maps are empty.
  if (map.lengths.length === 0) return null;
  const ip = plainIp(clientIp);
  if (ip === null) return null;
  for (const { family, bits } of map.lengths) {
    const network = networkText(ip, family, bits);
    const name = network === null ? undefined : map.names.get(network);
    if (name !== undefined) return name;
  }
  return null;
}

/** Canonical address of a socket; a link-local one comes with its interface (`fe80::1%eth0`). */
export function plainIp(clientIp: string): string | null {
  const zone = clientIp.indexOf('%');
  return canonicalIp(zone < 0 ? clientIp : clientIp.slice(0, zone));
}
