// What leash takes out of and puts into messages on their way. Pure: header lists in, header
// lists out, no socket, no policy.

import { formatJson } from '../../shared/audit-line.ts';
import type { CaptureMode } from '../../shared/config.ts';
import type { Target } from '../../shared/host.ts';
import { LIMITS } from '../../shared/limits.ts';
import { type RawHeaders, valuesOf } from './header-list.ts';
import type { Framing, RequestHead } from './request-head.ts';

// RFC 9110 7.6.1, and what clients send to proxies only.
const HOP_BY_HOP = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'te',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'proxy-authorization',
  'proxy-authenticate',
  'proxy-authentication-info',
  // Said anew where it holds (RFC 9110 10.1.1).
  'expect',
]);
// RFC 9110 6.5.1: what frames, routes or authenticates a message cannot come after it.
const NOT_IN_TRAILERS = new Set([
  'content-length',
  'content-encoding',
  'content-type',
  'content-range',
  'host',
  'authorization',
  'cookie',
  'set-cookie',
  'via',
  'x-agent-source',
]);
// Where a client says that a request comes from. An agent can write here what it likes, so nothing of
// it reaches a server that might believe it; the record has it as it was received.
const ORIGIN_CLAIMS = new Set([
  'forwarded',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-original-forwarded-for',
  'x-originating-ip',
  'x-remote-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'fastly-client-ip',
]);
// A client that nominates these in `Connection` asks to have the message's framing or its
// destination removed: request smuggling (RFC 9110 7.6.1 forbids it, Node obeys it).
const NEVER_NOMINATED = new Set([
  'content-length',
  'transfer-encoding',
  'host',
  'content-type',
  'content-encoding',
  'authorization',
  'cookie',
]);
// Alt-Svc would lead the client to HTTP/3, past the proxy; `x-leash` is leash's own word, so that a
// refusal can be told from an upstream's answer.
const NOT_FOR_CLIENTS = new Set(['alt-svc', 'alternate-protocol', 'x-leash']);
// Node sends no framing header for these when there is no body; others need `Content-Length: 0`.
const NO_BODY_METHODS = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']);

export type UpstreamHead = {
  readonly method: string;
  readonly headers: RawHeaders;
  readonly head: RequestHead;
  readonly scheme: 'http' | 'https';
  /** Value that `X-Agent-Source` is overwritten with; empty: left alone. */
  readonly agentSource: string;
  /** Goes into `Via`; empty: nothing does. */
  readonly hopToken: string;
};

// RFC 9110 5.6.2 and 5.5.
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const ODD_SPELLING = /[_.]/;

/**
 * The header list for the upstream: order, case and duplicates kept, hop-by-hop fields out, Host in
 * normal form, framing said by leash and never by Node's default for the method.
 */
export function upstreamHeaders(request: UpstreamHead): string[] {
  const { head } = request;
  const host = hostField(head.target, request.scheme);
  const drop = nominated(request.headers);
  const list: string[] = [];
  const framing = framingField(head.framing, request.method);
  const framingName = framing?.name.toLowerCase();
  let hasHost = false;
  let framed = framing === null;
  for (let at = 0; at + 1 < request.headers.length; at += 2) {
    const name = request.headers[at] ?? '';
    // CGI and WSGI servers take `Content_Length` for `Content-Length`, others `Content.Length`.
    const spelled = name.toLowerCase();
    const lower = ODD_SPELLING.test(spelled) ? spelled.replace(/[_.]/g, '-') : spelled;
    if (framing !== null && spelled === framingName) {
      // In the client's spelling and place; the value is ours.
      list.push(name, framing.value);
      framed = true;
      continue;
    }
    if (spelled.startsWith(':') || drop.has(spelled) || drop.has(lower)) continue;
    if (HOP_BY_HOP.has(lower) || lower === 'content-length') continue;
    // Node refuses to announce what cannot follow.
    if (lower === 'trailer' && head.framing.kind !== 'chunked') continue;
    if (lower.startsWith('x-forwarded-') || ORIGIN_CLAIMS.has(lower)) continue;
    if (request.agentSource !== '' && lower === 'x-agent-source') continue;
    if (lower === 'host') {
      hasHost = true;
      list.push(name, host);
    } else {
      list.push(name, request.headers[at + 1] ?? '');
    }
  }
  if (!hasHost) list.unshift('Host', host);
  if (request.agentSource !== '') list.push('X-Agent-Source', request.agentSource);
  if (request.hopToken !== '') list.push('Via', `1.1 ${request.hopToken}`);
  if (!framed && framing !== null) list.push(framing.name, framing.value);
  if (takesTrailers(request.headers)) list.push('TE', 'trailers');
  if (head.expectsContinue) list.push('Expect', '100-continue');
  if (valuesOf(list, 'content-disposition').length === 0) return list;
  const lengthAt = list.findIndex((text, at) => at % 2 === 0 && /^content-length$/i.test(text));
  return lengthAt < 0 ? list : lengthLast(list, lengthAt);
}

/** Host in normal form, with the port where it is not the scheme's own (RFC 9110 7.2). */
export function hostField({ authority, port }: Target, scheme: 'http' | 'https'): string {
  const isDefault = port === (scheme === 'https' ? 443 : 80);
  return isDefault ? authority.slice(0, authority.lastIndexOf(':')) : authority;
}

/** RFC 9110 10.1.4. The other codings that `TE` may name concern one hop. */
function takesTrailers(headers: RawHeaders): boolean {
  return valuesOf(headers, 'te').some((value) => /(?:^|,)\s*trailers\s*(?:$|,)/i.test(value));
}

/** Whether there is room for trailers in the record beside all else; otherwise they go nowhere. */
export function trailersFit(trailers: RawHeaders): boolean {
  if (trailers.length === 0) return true;
  return Buffer.byteLength(formatJson(trailers)) <= LIMITS.trailerBytes;
}

/**
 * Trailers as they go on: without what may not stand there, without what concerns one hop, and without
 * what Node would throw on, where there is nobody left to answer.
 */
export function forwardedTrailers(trailers: RawHeaders): string[] {
  const list: string[] = [];
  for (let at = 0; at + 1 < trailers.length; at += 2) {
    const name = trailers[at] ?? '';
    if (!TOKEN.test(name) || !FIELD_VALUE.test(trailers[at + 1] ?? '')) continue;
    // As in a head: some servers take `Content_Length` for `Content-Length`.
    const lower = name.toLowerCase().replace(/[_.]/g, '-');
    if (HOP_BY_HOP.has(lower) || NOT_IN_TRAILERS.has(lower)) continue;
    if (NOT_FOR_CLIENTS.has(lower) || lower.startsWith('x-forwarded-')) continue;
    if (ORIGIN_CLAIMS.has(lower)) continue;
    list.push(name, trailers[at + 1] ?? '');
  }
  return list;
}

/** What tells the upstream where the body ends; null: nothing has to. */
function framingField(framing: Framing, method: string): { name: string; value: string } | null {
  if (framing.kind === 'chunked') return { name: 'Transfer-Encoding', value: 'chunked' };
  if (framing.kind === 'length') return { name: 'Content-Length', value: String(framing.bytes) };
  return NO_BODY_METHODS.has(method) ? null : { name: 'Content-Length', value: '0' };
}

/** The header list for the client: as the upstream sent it, without what concerns one hop only. */
export function clientHeaders(headers: RawHeaders): string[] {
  const drop = nominated(headers);
  const list: string[] = [];
  let lengthAt = -1;
  let lengthIsFirst = false;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? '';
    const lower = name.toLowerCase();
    if (lower.startsWith(':') || HOP_BY_HOP.has(lower) || drop.has(lower)) continue;
    if (NOT_FOR_CLIENTS.has(lower)) continue;
    if (lower === 'content-length') lengthAt = list.length;
    else if (lower === 'content-disposition' && lengthAt >= 0) lengthIsFirst = true;
    list.push(name, headers[at + 1] ?? '');
  }
  return lengthIsFirst ? lengthLast(list, lengthAt) : list;
}

/** Behind Content-Length, Node takes a Content-Disposition for UTF-8 and throws on what is none. */
function lengthLast(list: string[], lengthAt: number): string[] {
  list.push(...list.splice(lengthAt, 2));
  return list;
}

/** Whether an answer has none, whatever its head says of a length (RFC 9112 6.3). */
export function hasNoBody(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 205 || status === 304;
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Whether nothing but a safe head was sent, so that it may be sent again (RFC 9110 9.2.1). */
export function isReplayable(method: string, framing: Framing): boolean {
  return framing.kind === 'none' && SAFE.has(method);
}

/** Whether a head has been through this leash before (RFC 9110 7.6.3). */
export function carriesToken(headers: RawHeaders, hopToken: string): boolean {
  return valuesOf(headers, 'via').some((value) => value.toLowerCase().includes(hopToken));
}

function nominated(headers: RawHeaders): ReadonlySet<string> {
  const names = new Set<string>();
  for (const value of valuesOf(headers, 'connection')) {
    for (const token of value.split(',')) {
      const name = token.trim().toLowerCase();
      if (name !== '' && !NEVER_NOMINATED.has(name)) names.add(name);
    }
  }
  return names;
}

const TEXT_TYPE =
  /^(?:text\/|multipart\/|application\/(?:[\w.+-]*(?:json|xml|javascript|ecmascript|graphql|yaml)|x-www-form-urlencoded|x-ndjson|x-sh)|image\/svg)/i;

/** Whether a response body is copied into the record, or why not. */
export function responseCapture(
  mode: CaptureMode,
  headers: RawHeaders,
): 'off' | 'content_type' | null {
  if (mode === 'none') return 'off';
  if (mode === 'all') return null;
  const type = valuesOf(headers, 'content-type')[0];
  return type === undefined || TEXT_TYPE.test(type.trim()) ? null : 'content_type';
}

/** A reason phrase that may stand in a status line; llhttp lets control characters through. */
export function safeReasonPhrase(text: string | undefined): string {
  return text !== undefined && FIELD_VALUE.test(text) ? text : '';
}
