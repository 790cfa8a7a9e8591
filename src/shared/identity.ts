// Who asks: the name of an agent, by the token that it shows or by the network that it sits in.
// Pure: it knows no socket, and of the token no more than its hash.

import { createHash, timingSafeEqual } from 'node:crypto';
import { findNetwork, plainIp } from './network-map.ts';
import type { Policy } from './policy.ts';

/** What a client showed in `Proxy-Authorization`: a name, and the SHA-256 of the token beside it. */
export type Credential = { readonly name: string; readonly sha256: Buffer };

/** `agent`: its name, '' = unknown. A problem is answered with 407. */
export type Identity =
  | { readonly agent: string }
  | { readonly problem: 'identity_required' | 'identity_unknown' };

/** Compared with where no agent has the name, so that the time does not tell which names exist. */
const NOBODY = Buffer.alloc(32);
/** Longest `name:token` that is read, as base64: a head may have 16 KiB. */
const MAX_CREDENTIAL = 1024;

/** Value of `Proxy-Authorization` (RFC 7617: `Basic`, then base64 of `name:token`), or null. */
export function readCredential(value: string): Credential | null {
  if (value.length > MAX_CREDENTIAL) return null;
  const base64 = /^basic +([A-Za-z0-9+/]+=*) *$/i.exec(value)?.[1];
  const text = Buffer.from(base64 ?? '', 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) return null;
  const sha256 = createHash('sha256')
    .update(text.slice(colon + 1))
    .digest();
  return { name: text.slice(0, colon), sha256 };
}

/**
 * Who a client is under this policy. A token that is shown must be right, wherever it comes from,
 * and goes before the address. `wrong`: something was shown that is no credential at all. Where no
 * agent has a token, there is nothing to check, and what is shown counts as nothing.
 */
export function identify(
  policy: Policy,
  clientIp: string,
  credential: Credential | 'wrong' | null,
): Identity {
  if (credential !== null && policy.tokens.size > 0) {
    return isRight(policy, credential) ? { agent: credential.name } : UNKNOWN;
  }
  const agent = findNetwork(policy.agents, clientIp) ?? '';
  return agent === '' && policy.requireIdentity ? REQUIRED : { agent };
}

/**
 * Whether an agent sits at this address: it lies in `agent_networks` or in a named agent's networks.
 * What is no address counts as an agent: nobody gains rights by an address that cannot be read.
 */
export function isAgentAddress(policy: Policy, ip: string): boolean {
  return plainIp(ip) === null || findNetwork(policy.agentNetworks, ip) !== null;
}

const UNKNOWN: Identity = { problem: 'identity_unknown' };
const REQUIRED: Identity = { problem: 'identity_required' };

function isRight(policy: Policy, credential: Credential | 'wrong'): credential is Credential {
  if (credential === 'wrong') return false;
  const known = policy.tokens.get(credential.name);
  return timingSafeEqual(credential.sha256, known ?? NOBODY) && known !== undefined;
}
