// Whether a host of a record is on the internet, for the "Internet only" filter. Pure.
// Judges the text alone: a name is not looked up.

import { canonicalIp, classifyAddress } from '../../shared/address.ts';

/** A fleet's own machines, and what a machine says to itself. */
const OWN: ReadonlySet<string> = new Set([
  'loopback',
  'private',
  'cgnat',
  'ula',
  'link_local',
  'metadata',
  'unspecified',
]);

/** Host as the record has it → false for localhost and for literals of private networks. */
export function isInternetHost(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  if (name === 'localhost' || name.endsWith('.localhost')) return false;
  const ip = canonicalIp(name.replace(/^\[|\]$/g, ''));
  return ip === null || !OWN.has(classifyAddress(ip, []));
}
