// How wide a rule for a name may reach: which names are public suffixes, and which names above a host
// belong to whoever owns it. The home of tldts. Pure.

import { parse as parseName } from 'tldts';
import { parentHosts, parseHost } from './host.ts';

/** An ICANN or private entry of the public suffix list, not its default rule. */
export function isPublicSuffix(host: string): boolean {
  // The second: a name whose children are all suffixes (`*.ck` in the list).
  return isListed(host) || isListed(`leash-probe.${host}`);
}

/**
 * The names above a host, the nearest first, that a rule may have: none of them is a public suffix,
 * below which anybody can have a name. An address has none.
 */
export function widerHosts(host: string): readonly string[] {
  const name = parseHost(host);
  if (typeof name !== 'string') return [];
  const above = parentHosts(name).slice(1);
  const suffix = above.findIndex(isPublicSuffix);
  return suffix < 0 ? above : above.slice(0, suffix);
}

function isListed(name: string): boolean {
  const found = parseName(name, { allowPrivateDomains: true });
  return found.publicSuffix === name && (found.isIcann === true || found.isPrivate === true);
}
