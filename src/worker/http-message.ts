// What leash reads from, takes out of and puts into HTTP/1 messages. Pure: header lists in, header
// lists out, no socket, no policy.
//
// Facts about header lists: they are flat arrays [name, value, name, value, ...] as Node's
// `rawHeaders` gives them, in order, with case and duplicates kept, bytes as latin1 characters. The
// folded object `req.headers` is never used: it hides duplicates and truncates (CVE-2026-58044).

import type { HeaderPairs } from '../shared/audit-event.ts';
import type { CaptureMode } from '../shared/config.ts';
import { LIMITS } from '../shared/config.ts';
import { parseAbsoluteUri, parseAuthority, type Target } from '../shared/host.ts';

export type RawHeaders = readonly string[];
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' };

/** What a request inside a tunnel has to agree with: where CONNECT led, and what is spoken there. */
export type InnerHop = { readonly target: Target; readonly scheme: 'http' | 'https' };

/** A request head whose names, framing and form have been checked; nothing else may be forwarded. */
export type RequestHead = {
  readonly target: Target;
  /** Path and query in origin form, as it goes to the upstream. */
  readonly path: string;
  readonly framing: Framing;
};
export type HeadProblem = {
  readonly status: 400 | 421 | 431;
  readonly reason: string;
  readonly otherHost?: string;
};

export type RequestLine = {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  readonly headers: RawHeaders;
};

// RFC 9110 7.6.1, and what clients send to proxies only.
const HOP_BY_HOP = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'proxy-authorization',
  'proxy-authenticate',
  'proxy-authentication-info',
  // leash answers the expectation itself (RFC 9110 10.1.1).
  'expect',
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
const NOT_FOR_CLIENTS = new Set(['alt-svc', 'x-leash']);
// Node sends no framing header for these when there is no body; others need `Content-Length: 0`.
const NO_BODY_METHODS = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']);

/**
 * Checks form, names and framing of one request.
 * `tunnel`: the destination that CONNECT named, null for a request to the proxy itself.
 * @see RFC 9112 3.2 and 6.3, CVE-2026-58044, CVE-2022-24766
 */
export function readRequestHead(
  line: RequestLine,
  tunnel: InnerHop | null,
): RequestHead | HeadProblem {
  // 1. Size and version.
  if (line.headers.length > LIMITS.headers * 2) return { status: 431, reason: 'too_many_headers' };
  if (line.httpVersion !== '1.1' && line.httpVersion !== '1.0') return malformed('http_version');
  if (line.method.length > LIMITS.methodBytes) return malformed('method');
  // 2. Framing, before anything is dialled (llhttp reports some of these only after the head).
  const framing = readFraming(line);
  if (typeof framing === 'string') return malformed(framing);
  // 3. The names: Host, absolute URI and CONNECT target must agree.
  const hosts = valuesOf(line.headers, 'host');
  if (hosts.length > 1) return malformed('two_host_headers');
  const hostText = hosts[0];
  if (hostText === undefined && line.httpVersion === '1.1') return malformed('no_host_header');
  return tunnel === null
    ? readProxyForm(line, hostText, framing)
    : readTunnelForm(line, hostText, tunnel, framing);
}

function readProxyForm(
  line: RequestLine,
  hostText: string | undefined,
  framing: Framing,
): RequestHead | HeadProblem {
  const uri = parseAbsoluteUri(line.url);
  if ('problem' in uri) return malformed('not_an_absolute_uri');
  if (uri.scheme !== 'http') return malformed('https_needs_connect');
  const problem = disagreement(hostText, 80, uri.target);
  return problem ?? { target: uri.target, path: uri.path, framing };
}

function readTunnelForm(
  line: RequestLine,
  hostText: string | undefined,
  { target: tunnel, scheme }: InnerHop,
  framing: Framing,
): RequestHead | HeadProblem {
  const problem = disagreement(hostText, tunnel.port, tunnel);
  if (problem !== null) return problem;
  if (line.url.startsWith('/') || (line.url === '*' && line.method === 'OPTIONS')) {
    return { target: tunnel, path: line.url, framing };
  }
  const uri = parseAbsoluteUri(line.url);
  if ('problem' in uri) return malformed('request_target');
  if (uri.scheme !== scheme || uri.target.host !== tunnel.host || uri.target.port !== tunnel.port) {
    return { status: 421, reason: 'uri_mismatch', otherHost: uri.target.authority };
  }
  return { target: tunnel, path: uri.path, framing };
}

function disagreement(
  hostText: string | undefined,
  defaultPort: number,
  target: Target,
): HeadProblem | null {
  if (hostText === undefined) return null;
  const host = parseAuthority(hostText, defaultPort);
  if ('problem' in host) return malformed('host_header');
  if (host.host === target.host && host.port === target.port) return null;
  return { status: 421, reason: 'host_mismatch', otherHost: host.authority };
}

function readFraming(line: RequestLine): Framing | string {
  const codings = valuesOf(line.headers, 'transfer-encoding');
  const lengths = valuesOf(line.headers, 'content-length');
  if (codings.length > 0) {
    if (line.httpVersion === '1.0') return 'transfer_encoding_on_http_1_0';
    if (codings.length > 1 || codings[0]?.toLowerCase() !== 'chunked') return 'transfer_encoding';
    if (lengths.length > 0) return 'two_framings';
    return { kind: 'chunked' };
  }
  if (lengths.length === 0) return { kind: 'none' };
  const length = lengths[0] ?? '';
  if (lengths.length > 1 || !/^[0-9]{1,15}$/.test(length)) return 'content_length';
  return { kind: 'length', bytes: Number(length) };
}

function malformed(what: string): HeadProblem {
  return { status: 400, reason: `malformed: ${what}` };
}

/** All values of one header; `name` in lower case. */
export function valuesOf(headers: RawHeaders, name: string): string[] {
  const values: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (headers[at]?.length === name.length && headers[at]?.toLowerCase() === name) {
      values.push(headers[at + 1] ?? '');
    }
  }
  return values;
}

/** The flat list as pairs, for the record. */
export function headerPairs(headers: RawHeaders): HeaderPairs {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    pairs.push([headers[at] ?? '', headers[at + 1] ?? '']);
  }
  return pairs;
}

export type UpstreamHead = {
  readonly method: string;
  readonly headers: RawHeaders;
  readonly head: RequestHead;
  readonly scheme: 'http' | 'https';
  /** Value that `X-Agent-Source` is overwritten with; empty: left alone. */
  readonly agentSource: string;
};

/**
 * The header list for the upstream: order, case and duplicates kept, hop-by-hop fields out, Host in
 * normal form, framing said by leash and never by Node's default for the method.
 */
export function upstreamHeaders(request: UpstreamHead): string[] {
  const { head } = request;
  const defaultPort = request.scheme === 'https' ? 443 : 80;
  const host =
    head.target.port === defaultPort
      ? head.target.authority.slice(0, head.target.authority.lastIndexOf(':'))
      : head.target.authority;
  const drop = nominated(request.headers);
  const list: string[] = [];
  let hasHost = false;
  for (let at = 0; at + 1 < request.headers.length; at += 2) {
    const name = request.headers[at] ?? '';
    // CGI and WSGI servers take `Content_Length` for `Content-Length`.
    const spelled = name.toLowerCase();
    const lower = spelled.replaceAll('_', '-');
    if (drop.has(spelled) || drop.has(lower)) continue;
    if (HOP_BY_HOP.has(lower) || lower === 'content-length') continue;
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
  if (head.framing.kind === 'chunked') list.push('Transfer-Encoding', 'chunked');
  else if (head.framing.kind === 'length') list.push('Content-Length', String(head.framing.bytes));
  else if (!NO_BODY_METHODS.has(request.method)) list.push('Content-Length', '0');
  return list;
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
    if (HOP_BY_HOP.has(lower) || drop.has(lower) || NOT_FOR_CLIENTS.has(lower)) continue;
    if (lower === 'content-length') lengthAt = list.length;
    else if (lower === 'content-disposition' && lengthAt >= 0) lengthIsFirst = true;
    list.push(name, headers[at + 1] ?? '');
  }
  // Behind Content-Length, Node takes a Content-Disposition for UTF-8 and throws on what is none.
  if (lengthIsFirst) list.push(...list.splice(lengthAt, 2));
  return list;
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
  return text !== undefined && /^[\t\x20-\x7e\x80-\xff]*$/.test(text) ? text : '';
}
