// Whose share of the log a client's records are of. Pure; both ends of the pipe ask it.

import { networkText } from './address.ts';

/**
 * A canonical address → the key of its share. An IPv6 client is its /64: that is what one machine has to
 * choose addresses from (RFC 4291 section 2.5.1).
 */
export function shareOf(client: string): string {
  return client.includes(':') ? (networkText(client, 6, 64) ?? client) : client;
}
