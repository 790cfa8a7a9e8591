// Hosts, authorities and paths as they come over the wire → one normal form, or a problem. A strict
// ASCII grammar of our own: `new URL` repairs what it reads (fullwidth letters, soft hyphens, tabs,
// `%61`), and getaddrinfo repairs it differently, so neither may see what was not checked here.
// Pure; knows no policy, no DNS and no public suffixes.
//
// Invariant: hosts and paths are compared in normal form only (`Host`, `NormalPath`).

import { canonicalIp, parsePort } from './address.ts';

/** Lower-case name without trailing dot, dotted IPv4, or RFC 5952 IPv6 without brackets. */
export type Host = string & { readonly __brand: 'Host' };
/** For comparing only; what is forwarded is the path as received. */
export type NormalPath = string & { readonly __brand: 'NormalPath' };
export type Problem = { readonly problem: string };

/** Where a tunnel or a request goes; made once, frozen, passed on. */
export type Target = {
  readonly host: Host;
  readonly port: number;
  readonly isIp: boolean;
  /** `host:port`, IPv6 in brackets. */
  readonly authority: string;
};

export type AbsoluteUri = {
  readonly scheme: 'http' | 'https';
  readonly target: Target;
  /** Path and query as received, in origin form. */
  readonly path: string;
};

/**
 * leash itself, as agents ask for its CA and scripts: it is answered by the worker, and never resolved
 * or dialled, whatever the policy says.
 */
export const INTERNAL_HOST = 'leash.internal' as Host;

/** RFC 1035 section 2.3.4. */
const MAX_NAME = 253;
/** Letters, digits, hyphen inside (RFC 1123 section 2.1), and the underscore that real names have. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const NUMERIC_LABEL = /^(?:[0-9]+|0x[0-9a-f]*)$/;
const UNRESERVED = /^[A-Za-z0-9._~-]$/;

/**
 * Name, IPv4 in any spelling that inet_aton reads, or IPv6 (brackets optional) → `Host`.
 * Refused: what is not plain ASCII, a label that is empty, too long or begins or ends with a hyphen,
 * brackets round anything but IPv6, zone ids, names that end in a number and are no IPv4.
 */
export function parseHost(text: string): Host | Problem {
  if (text === '') return { problem: 'the host is empty' };
  if (text.startsWith('[')) {
    const inner = text.endsWith(']') ? text.slice(1, -1) : '';
    return inner.includes(':') ? parseIpv6(inner) : { problem: 'brackets are for IPv6 only' };
  }
  if (text.includes(':')) return parseIpv6(text);
  if (text.length > MAX_NAME + 1) return { problem: `a host has at most ${MAX_NAME} characters` };
  if (!/^[A-Za-z0-9._-]*$/.test(text)) {
    return { problem: 'a host has letters, digits, ".", "-" and "_" only' };
  }
  const name = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase();
  if (name.length > MAX_NAME) return { problem: `a host has at most ${MAX_NAME} characters` };
  const labels = name.split('.');
  if (!labels.every((label) => LABEL.test(label))) {
    return { problem: 'a label of a host has 1-63 characters and no hyphen at its ends' };
  }
  // Resolvers take such names for addresses, each in its own way, so they are addresses or nothing.
  if (NUMERIC_LABEL.test(labels.at(-1) ?? '')) return parseIpv4(labels);
  return name as Host;
}

/** `host:port` → `Target`. `defaultPort` stands in for a missing port; null: it must be there. */
export function parseAuthority(text: string, defaultPort: number | null): Target | Problem {
  const bracket = text.startsWith('[') ? text.indexOf(']') : 0;
  if (bracket < 0) return { problem: 'the closing bracket is missing' };
  const colon = text.indexOf(':', bracket);
  const hostText = colon < 0 ? text : text.slice(0, colon);
  const port = colon < 0 ? defaultPort : parsePort(text.slice(colon + 1));
  if (port === null) {
    return { problem: colon < 0 ? 'the port is missing' : 'a port is 1-65535, digits only' };
  }
  const host = parseHost(hostText);
  return typeof host === 'string' ? targetOf(host, port) : host;
}

/** `http://host:port/path?query` → its parts. No fragment, no userinfo, no other scheme. */
export function parseAbsoluteUri(text: string): AbsoluteUri | Problem {
  const match = /^(https?):\/\/([^/?#]*)(.*)$/is.exec(text);
  if (match === null) return { problem: 'not an http or https URI' };
  const scheme = match[1]?.toLowerCase() === 'https' ? 'https' : 'http';
  const rest = match[3] ?? '';
  if (!isPathText(rest)) return { problem: 'the path has a fragment or what is no plain ASCII' };
  const target = parseAuthority(match[2] ?? '', scheme === 'https' ? 443 : 80);
  if ('problem' in target) return target;
  return { scheme, target, path: rest.startsWith('/') ? rest : `/${rest}` };
}

/**
 * Path of a request in origin form (the query is cut off) → its normal form. Percent-encoding of
 * unreserved characters is undone, other hex is upper case, dot segments are removed (RFC 3986
 * section 5.2.4).
 *
 * Repeated slashes become one. Many servers merge them, so `//admin` would else evade a rule that
 * blocks `/admin`; and a prefix that allows can then be met only by the same segments in the same
 * order, which holds on servers that do not merge, too.
 *
 * `ambiguous`: servers differ on which resource this is, so no prefix rule can be trusted.
 */
export function parsePath(originForm: string): { path: NormalPath; ambiguous: boolean } | Problem {
  if (originForm === '*') return { path: '*' as NormalPath, ambiguous: false };
  if (!originForm.startsWith('/')) return { problem: 'a path begins with "/"' };
  if (!isPathText(originForm)) return { problem: 'a path is plain ASCII without "#" and blanks' };
  const query = originForm.indexOf('?');
  const raw = query < 0 ? originForm : originForm.slice(0, query);
  const decoded = decodeUnreserved(raw);
  const { path, blurred } = removeDotSegments(decoded);
  return { path, ambiguous: blurred || isAmbiguous(raw, decoded, path) };
}

/** The host itself, then its parents down to two labels. An IP address has no parents. */
export function parentHosts(host: Host): Host[] {
  const hosts = [host];
  if (isIpHost(host)) return hosts;
  let rest: string = host;
  for (;;) {
    rest = rest.slice(rest.indexOf('.') + 1);
    if (!rest.includes('.')) return hosts;
    hosts.push(rest as Host);
  }
}

/** `host:port`, IPv6 in brackets. */
export function formatAuthority(host: Host, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function targetOf(host: Host, port: number): Target {
  const authority = formatAuthority(host, port);
  return Object.freeze({ host, port, isIp: isIpHost(host), authority });
}

/** In normal form an address is what no name can be: digits and dots alone, or with a colon. */
function isIpHost(host: Host): boolean {
  return host.includes(':') || /^[0-9.]+$/.test(host);
}

function parseIpv6(text: string): Host | Problem {
  const ip = text.includes(':') ? canonicalIp(text) : null;
  return ip === null ? { problem: 'not an IPv6 address (zone ids are refused)' } : (ip as Host);
}

/** inet_aton: 1 to 4 parts, each decimal, octal (`0`) or hex (`0x`); the last fills what is left. */
function parseIpv4(labels: readonly string[]): Host | Problem {
  const parts = labels.map(ipv4Part);
  const last = parts.pop() ?? Number.NaN;
  const room = 256 ** (4 - parts.length);
  if (parts.length > 3 || !parts.every((part) => part < 256) || !(last < room)) {
    return { problem: 'ends in a number but is not an IPv4 address' };
  }
  let value = last;
  parts.forEach((part, i) => {
    value += part * 256 ** (3 - i);
  });
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.') as Host;
}

function ipv4Part(label: string): number {
  if (/^0x[0-9a-f]+$/.test(label)) return Number.parseInt(label.slice(2), 16);
  if (/^0[0-7]*$/.test(label)) return Number.parseInt(label, 8);
  return /^[1-9][0-9]*$/.test(label) ? Number(label) : Number.NaN;
}

function isPathText(text: string): boolean {
  return /^[!-"$-~]*$/.test(text);
}

/** Also writes a stray `%` as `%25`, so that normalising twice changes nothing. */
function decodeUnreserved(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})?/g, (_, hex: string | undefined) => {
    if (hex === undefined) return '%25';
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return UNRESERVED.test(character) ? character : `%${hex.toUpperCase()}`;
  });
}

/**
 * `blurred`: a `..` was removed from a path that has empty segments or parameters (`;`). Servers
 * that merge slashes or cut parameters first climb one level higher than those that do not.
 */
function removeDotSegments(text: string): { path: NormalPath; blurred: boolean } {
  const kept: string[] = [];
  const segments = text.slice(1).split('/');
  let climbs = false;
  segments.forEach((segment, i) => {
    const last = i === segments.length - 1;
    if (segment === '..') {
      climbs = true;
      kept.pop();
    }
    const isDots = segment === '.' || segment === '..';
    if (!isDots && segment !== '') kept.push(segment);
    if (last && (isDots || segment === '')) kept.push('');
  });
  const path = `/${kept.join('/')}` as NormalPath;
  return { path, blurred: climbs && /\/\/|;|%3B/.test(text) };
}

function isAmbiguous(raw: string, decoded: string, path: NormalPath): boolean {
  return (
    // A backslash, raw or encoded, an encoded slash, an encoded NUL; encoded once or more often.
    /\\|%(?:25)*(?:2F|5C|00)/i.test(decoded) ||
    // A dot that is encoded more than once: `%252e`.
    /%(?:25)+2E/i.test(decoded) ||
    // Percent signs that encode nothing: `%zz`, `%u002e`.
    /%(?![0-9A-Fa-f]{2})/.test(raw) ||
    // Overlong UTF-8, which some decoders still take for ASCII.
    /%C[01]|%E0%[89]|%F0%8/.test(path) ||
    // Segments that some servers read as dot segments: `..;x`, `..%3B`, `..%20`.
    /\/\.{1,2}(?:;|%)/.test(path)
  );
}
