// Header lists between HTTP/1 and HTTP/2 (RFC 9113 8.2 and 8.3): Node's objects, pseudo-header fields,
// cookies. Pure. A list as it was received keeps its pseudo-header fields, for the record.

import type { OutgoingHttpHeaders } from 'node:http2';
import { type RawHeaders, valuesOf } from './header-list.ts';
import type { RequestLine } from './request-head.ts';

/**
 * The head of a request over HTTP/2 → its line. `isWhole`: no body follows (END_STREAM). The names it
 * carries are still to be checked.
 */
export function requestLineOf(headers: RawHeaders, isWhole: boolean): RequestLine {
  const [method = ''] = valuesOf(headers, ':method');
  const [authority] = valuesOf(headers, ':authority');
  const [scheme = ''] = valuesOf(headers, ':scheme');
  const [url = ''] = valuesOf(headers, ':path');
  return { method, url, httpVersion: '2.0', headers, http2: { authority, scheme, isWhole } };
}

/** The pseudo-header fields of a request to an upstream. */
export type UpstreamPseudo = {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  readonly authority: string;
  readonly path: string;
};

/** What a request to an upstream starts with, for Node: pseudo-header fields first, no Host. */
export function requestObject(pseudo: UpstreamPseudo, headers: RawHeaders): OutgoingHttpHeaders {
  return {
    ':method': pseudo.method,
    ':scheme': pseudo.scheme,
    ':authority': pseudo.authority,
    ':path': pseudo.path,
    ...headerObject(headers, (name) => name !== 'host'),
  };
}

// RFC 9113 8.2.2: what concerns one connection has no place in HTTP/2.
const CONNECTION_SPECIFIC = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/**
 * A header list as Node wants it for HTTP/2: names in lower case, a field that stands more than once
 * as an array. A field that may stand once only (Node throws on two) has its values joined
 * (RFC 9110 5.3): the message was broken before, and stays as broken.
 */
export function headerObject(
  headers: RawHeaders,
  isWanted: (name: string) => boolean = () => true,
): OutgoingHttpHeaders {
  const object: OutgoingHttpHeaders = Object.create(null);
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = (headers[at] ?? '').toLowerCase();
    const value = headers[at + 1] ?? '';
    if (name.startsWith(':') || CONNECTION_SPECIFIC.has(name) || !isWanted(name)) continue;
    const known = object[name];
    if (known === undefined) object[name] = value;
    else if (SINGLE.has(name)) object[name] = `${known}, ${value}`;
    else object[name] = [known, value].flat() as string[];
  }
  return object;
}

/** Fields of which Node takes one only. */
const SINGLE = new Set([
  ...[
    'access-control-allow-credentials',
    'access-control-max-age',
    'access-control-request-method',
  ],
  ...['age', 'authorization', 'content-encoding', 'content-language', 'content-length'],
  ...['content-location', 'content-md5', 'content-range', 'content-type', 'date', 'dnt', 'etag'],
  ...['expires', 'from', 'host', 'if-match', 'if-modified-since', 'if-none-match', 'if-range'],
  ...['if-unmodified-since', 'last-modified', 'location', 'max-forwards', 'proxy-authorization'],
  ...['range', 'referer', 'retry-after', 'tk', 'upgrade-insecure-requests', 'user-agent'],
  'x-content-type-options',
]);

/** Cookies that HTTP/2 splits into fields of their own are one field in HTTP/1 (RFC 9113 8.2.3). */
export function joinCookies(headers: readonly string[]): string[] {
  const cookies = valuesOf(headers, 'cookie');
  if (cookies.length < 2) return [...headers];
  const list: string[] = [];
  let isDone = false;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? '';
    if (name.toLowerCase() !== 'cookie') list.push(name, headers[at + 1] ?? '');
    else if (!isDone) {
      list.push(name, cookies.join('; '));
      isDone = true;
    }
  }
  return list;
}
