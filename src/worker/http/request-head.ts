// Whether a request head may be forwarded at all: its form, the names it carries, its framing. Pure:
// it knows no socket and no policy.

import { INTERNAL_HOST, parseAbsoluteUri, parseAuthority, type Target } from '../../shared/host.ts';
import { LIMITS } from '../../shared/limits.ts';
import { listBytes, type RawHeaders, valuesOf } from './header-list.ts';

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
  /** The client waits for a 100 before it sends its body (RFC 9110 10.1.1). */
  readonly expectsContinue?: true;
};
export type HeadProblem = {
  readonly status: 400 | 417 | 421 | 431;
  readonly reason: string;
  readonly otherHost?: string;
};

export type RequestLine = {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  /** As received: over HTTP/2 with the pseudo-header fields. */
  readonly headers: RawHeaders;
  /** What only HTTP/2 has; `isWhole`: no body follows the head. */
  readonly http2?: {
    readonly authority: string | undefined;
    readonly scheme: string;
    readonly isWhole: boolean;
  };
};

const INTERNAL_TARGET: Target = Object.freeze({
  host: INTERNAL_HOST,
  port: 80,
  isIp: false,
  authority: `${INTERNAL_HOST}:80`,
});

const METHOD = /^[A-Z]+(?:-[A-Z]+)*$/;

/** Methods of RTSP and Icecast, which Node's parser takes without a word about their protocol. */
const OTHER_PROTOCOLS = new Set([
  ...['DESCRIBE', 'ANNOUNCE', 'SETUP', 'PLAY', 'PAUSE', 'TEARDOWN', 'GET_PARAMETER'],
  ...['SET_PARAMETER', 'REDIRECT', 'RECORD', 'FLUSH', 'SOURCE'],
]);

/**
 * Checks form, names and framing of one request.
 * `tunnel`: the destination that CONNECT named, null for a request to the proxy itself.
 * @see RFC 9112 3.2 and 6.3, RFC 9113 8.3.1, CVE-2026-58044, CVE-2022-24766
 */
export function readRequestHead(
  line: RequestLine,
  tunnel: InnerHop | null,
): RequestHead | HeadProblem {
  // 1. Size and version.
  if (line.headers.length > LIMITS.headers * 2) return { status: 431, reason: 'too_many_headers' };
  if (line.http2 !== undefined) {
    const problem = checkHttp2(line, tunnel);
    if (problem !== null) return problem;
  } else if (line.httpVersion !== '1.1' && line.httpVersion !== '1.0') {
    return malformed('http_version');
  }
  if (line.method.length > LIMITS.methodBytes) return malformed('method');
  if (OTHER_PROTOCOLS.has(line.method)) return malformed('other_protocol');
  // 2. Framing, before anything is dialled (llhttp reports some of these only after the head).
  const framing = readFraming(line);
  if (typeof framing === 'string') return malformed(framing);
  // 3. The names: Host, absolute URI and CONNECT target must agree.
  const hosts = valuesOf(line.headers, 'host');
  if (hosts.length > 1) return malformed('two_host_headers');
  const hostText = hosts[0];
  if (hostText === undefined && line.httpVersion === '1.1') return malformed('no_host_header');
  const head =
    tunnel === null
      ? readProxyForm(line, hostText, framing)
      : readTunnelForm(line, hostText, tunnel, framing);
  // 4. What the client waits for.
  const mayExpect = framing.kind !== 'none' && line.httpVersion !== '1.0';
  const expected = mayExpect ? valuesOf(line.headers, 'expect') : [];
  if ('status' in head || expected.length === 0) return head;
  if (expected.length > 1 || expected[0]?.toLowerCase() !== '100-continue') {
    return { status: 417, reason: 'malformed: expect' };
  }
  return { ...head, expectsContinue: true };
}

/** What the parser of HTTP/1 sees to, or what HTTP/2 alone can say. */
function checkHttp2(
  { method, url, headers, http2 }: RequestLine,
  tunnel: InnerHop | null,
): HeadProblem | null {
  if (method === 'CONNECT') return { status: 400, reason: 'nested_connect' };
  if (!METHOD.test(method)) return malformed('method');
  if (listBytes(headers) > LIMITS.headBytes) return { status: 431, reason: 'head_too_large' };
  // There is no form with a scheme and a host in `:path`.
  if (!url.startsWith('/') && url !== '*') return malformed('request_target');
  if (tunnel === null || http2 === undefined) return malformed('http_version');
  if (http2.authority === undefined && valuesOf(headers, 'host').length === 0) {
    return malformed('no_authority');
  }
  if (http2.scheme !== tunnel.scheme) return { status: 421, reason: 'scheme_mismatch' };
  return disagreement(http2.authority, tunnel.target.port, tunnel.target);
}

function readProxyForm(
  line: RequestLine,
  hostText: string | undefined,
  framing: Framing,
): RequestHead | HeadProblem {
  if (line.url.startsWith('/') && hostText !== undefined) {
    // Whoever has the name in a hosts file asks leash itself, by whatever port leads here.
    const named = parseAuthority(hostText, 80);
    const isInternal = !('problem' in named) && named.host === INTERNAL_HOST;
    if (isInternal) return { target: INTERNAL_TARGET, path: line.url, framing };
  }
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
  // nghttp2 holds the length against the body, and refuses Transfer-Encoding.
  if (line.http2?.isWhole) return { kind: 'none' };
  if (line.http2 !== undefined && lengths.length === 0) return { kind: 'chunked' };
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
