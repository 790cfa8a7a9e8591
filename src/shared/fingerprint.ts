// Credentials in the record as fingerprints: the same key gives the same one, so that it can be found
// again, and nobody who reads the record has it. Keyed, so that guessing needs the key. Pure.
//
// Invariant: with fingerprints on, no byte of a credential header's value is in the record, its scheme and the names of cookies aside.

import { createHmac } from 'node:crypto';
import type { HeaderPairs } from './audit-event.ts';
import { authScheme, carriesCredential } from './credential-headers.ts';

/** Hex digits of a fingerprint: 128 bits, more than there will be keys. */
const DIGITS = 32;
/** Cookies of one header that have a fingerprint each. */
const MAX_COOKIES = 200;

/** The value of a secret, bytes as latin1 characters → what stands for it in the record. */
export function fingerprint(secret: string, key: Buffer): string {
  const digest = createHmac('sha256', key).update(secret, 'latin1').digest('hex');
  return `hmac-sha256:${digest.slice(0, DIGITS)}`;
}

/** Header list → the same with credentials as fingerprints; names, order and count kept. */
export function fingerprintHeaders(headers: HeaderPairs, key: Buffer): HeaderPairs {
  return headers.map((pair) => {
    const [name, value] = pair;
    return carriesCredential(name)
      ? [name, hideValue(name.trim().toLowerCase(), value, key)]
      : pair;
  });
}

/** A request target → the same with what stands in it as a user and a password as a fingerprint. */
export function fingerprintUrl(url: string, key: Buffer): string {
  const match = /^([a-z][a-z0-9+.-]*:\/\/|\/\/)?([^/?#]*)@/i.exec(url);
  if (match === null) return url;
  const [whole, scheme = '', secret = ''] = match;
  return `${scheme}${fingerprint(secret, key)}@${url.slice(whole.length)}`;
}

function hideValue(name: string, value: string, key: Buffer): string {
  if (value === '') return '';
  if (name === 'cookie') {
    const parts = value.split(';');
    // Each takes a fingerprint: nobody has so many, and the record has to hold them.
    if (parts.length > MAX_COOKIES) return fingerprint(value, key);
    return parts.map((part) => hideCookie(part, key)).join('; ');
  }
  if (name === 'set-cookie') {
    // Path, Max-Age and the like are no secrets, but anything can be called so: only the first is kept.
    return hideCookie(value.split(';')[0] ?? '', key);
  }
  const scheme = authScheme(value);
  return scheme + fingerprint(value.slice(scheme.length).trim(), key);
}

/** `session=abc` → `session=hmac-sha256:…`; without a name, all of it is the secret. */
function hideCookie(part: string, key: Buffer): string {
  const cookie = part.trim();
  const equals = cookie.indexOf('=');
  const name = cookie.slice(0, Math.max(0, equals));
  // A token, RFC 6265 section 4.1.1; what is no name may be the secret itself.
  if (!/^[!#$%&'*+.^_`|~\w-]{1,64}$/.test(name)) return fingerprint(cookie, key);
  return `${name}=${fingerprint(cookie.slice(equals + 1), key)}`;
}
