// The opening handshake of WebSocket (RFC 6455 section 4), seen from the middle: whether a request may
// be forwarded as one, what goes upstream then, and whether a 101 is the answer to it. Pure: header
// lists in, header lists out. Knows no socket and no policy.
//
// Invariant: a 101 opens a relay only where the client asked for one and the answer proves that the server heard it.

import { createHash } from 'node:crypto';
import { type RawHeaders, valuesOf } from '../http/header-list.ts';
import {
  type Deflate,
  type DeflateParams,
  formatOffers,
  readChoice,
  readOffers,
} from './deflate-offer.ts';

export type HandshakeHead = {
  readonly method: string;
  readonly httpVersion: string;
  readonly headers: RawHeaders;
};

/** A request that asks for WebSocket and nothing else. */
export type Handshake = {
  readonly key: string;
  readonly protocols: readonly string[];
  /** Offers of permessage-deflate, in the client's order; others go no further. */
  readonly offers: readonly DeflateParams[];
};

/** What both sides agreed on. */
export type Agreement = {
  /** Null: messages are not compressed. */
  readonly deflate: Deflate | null;
};

export type Problem = { readonly problem: string };

/** RFC 6455 4.1 (5): 16 bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;
/** RFC 9110 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 6455 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** Fields that a client could name in `Connection`, so that the server does not get them. */
const OF_THE_HANDSHAKE = /^(?:sec-websocket-|host$|origin$)/;

/** Our offer takes the place of the client's; trailers have no place behind a 101. */
const SAID_ANEW = new Set(['sec-websocket-extensions', 'te']);

/** A request's head → its handshake, or why it is none that may be forwarded as one. */
export function parseHandshake(head: HandshakeHead): Handshake | Problem {
  const { method, httpVersion, headers } = head;
  // 1. The request (RFC 6455 4.2.1).
  if (method !== 'GET') return { problem: 'method' };
  if (httpVersion !== '1.1') return { problem: 'http_version' };
  if (hasField(headers, 'content-length') || hasField(headers, 'transfer-encoding')) {
    return { problem: 'body' };
  }
  // 2. One protocol to upgrade to: of a list, the server might choose another.
  if (!isUpgrade(headers)) return { problem: 'upgrade' };
  if (listOf(headers, 'connection').some((name) => OF_THE_HANDSHAKE.test(name.toLowerCase()))) {
    return { problem: 'connection' };
  }
  // 3. Its own fields.
  const [key, ...otherKeys] = valuesOf(headers, 'sec-websocket-key');
  if (key === undefined || otherKeys.length > 0 || !KEY.test(key)) return { problem: 'key' };
  const versions = valuesOf(headers, 'sec-websocket-version');
  if (versions.length !== 1 || versions[0] !== '13') return { problem: 'version' };
  const protocols = listOf(headers, 'sec-websocket-protocol');
  if (!protocols.every((name) => TOKEN.test(name))) return { problem: 'protocol' };
  return { key, protocols, offers: readOffers(valuesOf(headers, 'sec-websocket-extensions')) };
}

/**
 * A header list without hop-by-hop fields → the same with the upgrade in it. Of the extensions only
 * those that can be decoded are offered: the server chooses another only against the rules.
 */
export function handshakeHeaders(headers: RawHeaders, handshake: Handshake): string[] {
  const list: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? '';
    if (SAID_ANEW.has(name.toLowerCase())) continue;
    list.push(name, headers[at + 1] ?? '');
  }
  const offered = formatOffers(handshake.offers);
  if (offered !== '') list.push('Sec-WebSocket-Extensions', offered);
  return withUpgrade(list);
}

/** For the way to either side: what `Connection` and `Upgrade` say is said by each hop for itself. */
export function withUpgrade(headers: RawHeaders): string[] {
  return [...headers, 'Connection', 'Upgrade', 'Upgrade', 'websocket'];
}

/** The head of a 101 → what was agreed on, or why it is no answer to this handshake (RFC 6455 4.1). */
export function checkAnswer(handshake: Handshake, headers: RawHeaders): Agreement | Problem {
  if (!isUpgrade(headers)) return { problem: 'upgrade' };
  // RFC 9112 6.1 and 6.2: a 101 has no body; who believes a length reads frames as one.
  const lengths = valuesOf(headers, 'content-length');
  const hasBody = lengths.some((length) => length !== '0');
  if (hasBody || hasField(headers, 'transfer-encoding')) return { problem: 'body' };
  const accepts = valuesOf(headers, 'sec-websocket-accept');
  if (accepts.length !== 1 || accepts[0] !== acceptOf(handshake.key)) return { problem: 'accept' };
  const protocols = valuesOf(headers, 'sec-websocket-protocol');
  const [protocol] = protocols;
  const isOffered = protocol === undefined || handshake.protocols.includes(protocol);
  if (protocols.length > 1 || !isOffered) return { problem: 'protocol' };
  const extensions = valuesOf(headers, 'sec-websocket-extensions');
  const deflate = readChoice(extensions, handshake.offers);
  return deflate !== null && 'problem' in deflate ? deflate : { deflate };
}

/** What proves that the server read the key (RFC 6455 4.2.2). */
export function acceptOf(key: string): string {
  return createHash('sha1').update(key).update(GUID).digest('base64');
}

/** One upgrade, to WebSocket, and `Connection` says so. */
function isUpgrade(headers: RawHeaders): boolean {
  const wanted = listOf(headers, 'upgrade');
  if (wanted.length !== 1 || wanted[0]?.toLowerCase() !== 'websocket') return false;
  return listOf(headers, 'connection').some((name) => name.toLowerCase() === 'upgrade');
}

function hasField(headers: RawHeaders, name: string): boolean {
  return valuesOf(headers, name).length > 0;
}

/** The elements of a comma-separated field, of all its lines (RFC 9110 5.6.1). */
function listOf(headers: RawHeaders, name: string): string[] {
  return valuesOf(headers, name)
    .flatMap((value) => value.split(','))
    .map((element) => element.trim())
    .filter((element) => element !== '');
}
