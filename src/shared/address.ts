// IP addresses and networks: one canonical text, one class, one verdict on dialling. The only home
// of ipaddr.js. Pure: it knows no interfaces, no DNS and no policy file; all of that is passed in.
//
// Invariant: an address is judged in canonical form only; IPv4-mapped IPv6 is IPv4 everywhere.

import ipaddr from 'ipaddr.js';
import { type AddressClass, builtInClass } from './address-class.ts';

/** A network in canonical form: `10.0.0.0/8`, `fd00::/8`. */
export type Cidr = {
  readonly text: string;
  readonly bytes: readonly number[];
  readonly bits: number;
};

/** A network, and one port of it or all (`null`). */
export type CidrPort = { readonly cidr: Cidr; readonly port: number | null };

/** The rules of network.yaml, compiled. */
export type NetworkRules = {
  readonly allowPrivate: readonly CidrPort[];
  readonly deny: readonly CidrPort[];
  readonly nat64: readonly Cidr[];
};

/** What the verdict on one address depends on. */
export type AddressContext = {
  readonly network: NetworkRules;
  /** A matching allow entry says `private: true`. */
  readonly privateRule: boolean;
  /** A matching allow entry is this IP literal itself. */
  readonly literalRule: boolean;
  /** Leash's own listeners; address '', '::' or '0.0.0.0' = every address of this host. */
  readonly listeners: readonly { readonly address: string; readonly port: number }[];
  /** Addresses of this host's interfaces, canonical. */
  readonly ownAddresses: ReadonlySet<string>;
};

export type AddressVerdict = 'ok' | 'address_not_allowed' | 'self_connection';
type Problem = { readonly problem: string };

const PORT = /^[1-9][0-9]{0,4}$/;
/** The longest text of an IPv6 address: eight groups, the last two dotted. */
const MAX_TEXT = 45;
/** The well-known NAT64 prefix, RFC 6052 section 2.1. */
const NAT64: Cidr = { text: '64:ff9b::/96', bytes: [0, 0x64, 0xff, 0x9b, ...zeros(12)], bits: 96 };
/** Prefix lengths a NAT64 may have, RFC 6052 section 2.2. */
const NAT64_BITS: readonly number[] = [32, 40, 48, 56, 64, 96];

/**
 * Whether leash may connect to `ip`, in the order that the rules have:
 * own listeners, `deny`, `allow_private`, own addresses, then the class of the address.
 *
 * `literalRule` opens private, unique local, documentation and reserved addresses. It does not open
 * leash's own listeners, what `deny` lists, and whatever only `allow_private` opens: loopback,
 * link-local, cloud metadata, this host's own addresses, multicast, addresses that embed another.
 */
export function judgeAddress(ip: string, port: number, ctx: AddressContext): AddressVerdict {
  const canonical = canonicalIp(ip);
  if (canonical === null) return 'address_not_allowed';
  // A translated address is judged by both of its names: the gateway dials the embedded one.
  const embedded = embeddedByNat64(canonical, ctx.network.nat64);
  const names = embedded === null ? [canonical] : [canonical, embedded];
  // 1. Never leash itself, whatever a rule says.
  if (names.some((name) => isListener(name, port, ctx))) return 'self_connection';
  // 2. Never what the operator denies.
  if (isListed(ctx.network.deny, names, port)) return 'address_not_allowed';
  // 3. Exactly what the operator opened.
  if (isListed(ctx.network.allowPrivate, names, port)) return 'ok';
  // 4. This host, by any of its addresses, public ones too.
  if (names.some((name) => ctx.ownAddresses.has(name))) return 'address_not_allowed';
  // 5. The class.
  return isOpen(classifyAddress(canonical, ctx.network.nat64), ctx) ? 'ok' : 'address_not_allowed';
}

/** Whether `ip` may be dialled only because the policy opened it: it is no public address of others. */
export function isOpened(ip: string, port: number, ctx: AddressContext): boolean {
  const network = { ...ctx.network, allowPrivate: [] };
  return (
    judgeAddress(ip, port, { ...ctx, network, privateRule: false, literalRule: false }) !== 'ok'
  );
}

/** The class of an address; what is no address is `reserved`, so never public. */
export function classifyAddress(ip: string, nat64: readonly Cidr[]): AddressClass {
  const canonical = canonicalIp(ip);
  if (canonical === null) return 'reserved';
  return builtInClass(bytesOf(embeddedByNat64(canonical, nat64) ?? canonical));
}

/**
 * Canonical text of an address: dotted IPv4 (also for IPv4-mapped IPv6), or RFC 5952 IPv6.
 * Null for anything else: odd IPv4 spellings, zone ids, brackets, ports, blanks.
 */
export function canonicalIp(text: string): string | null {
  if (text.length > MAX_TEXT) return null;
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return text;
  const groups = withoutDots(text);
  if (groups === null || !ipaddr.IPv6.isValid(groups)) return null;
  const ip = ipaddr.IPv6.parse(groups);
  return ip.isIPv4MappedAddress() ? ip.toIPv4Address().toString() : ip.toRFC5952String();
}

/** `10.0.0.0/8`, `fd00::/8`, or a single address → a network. Host bits that are set are a problem. */
export function parseCidr(text: string): Cidr | Problem {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const ip = canonicalIp(address);
  if (ip === null)
    return problem(`${quote(text)} is not an IP network: write it like "10.0.0.0/8"`);
  const bytes = bytesOf(ip);
  const width = bytes.length * 8;
  const mapped = width === 32 && address.includes(':') ? 96 : 0;
  const bits = slash < 0 ? width : readBits(text.slice(slash + 1), width + mapped) - mapped;
  if (!(bits >= 0)) {
    return problem(`${quote(text)} has no valid prefix length: it must be 0-${width}`);
  }
  const network = masked(bytes, bits);
  const cidr = { text: `${textOf(network)}/${bits}`, bytes: network, bits };
  if (mapped > 0) return problem(`${quote(text)} is an IPv4 network: write "${cidr.text}"`);
  if (network.some((byte, i) => byte !== bytes[i])) {
    return problem(`${quote(text)} has host bits set: write "${cidr.text}"`);
  }
  return cidr;
}

/** `CIDR`, `CIDR:port`, `[IPv6 CIDR]:port` → network and port (`null` = every port). */
export function parseCidrPort(text: string): CidrPort | Problem {
  const bracketed = /^\[([^[\]]*)\]:([^:]*)$/.exec(text);
  const dotted = /^([0-9./]+):([^:]*)$/.exec(text);
  const parts = bracketed ?? dotted;
  const cidr = parseCidr(parts?.[1] ?? text);
  if ('problem' in cidr) return cidr;
  if (parts === null) return { cidr, port: null };
  if (bracketed !== null && cidr.bytes.length === 4) {
    return problem(`${quote(text)} has brackets round IPv4: write "${cidr.text}:${parts[2]}"`);
  }
  const port = parsePort(parts[2] ?? '');
  return port === null ? problem(`ports must be 1-65535, got ${quote(text)}`) : { cidr, port };
}

/** A NAT64 prefix: an IPv6 network of a length that RFC 6052 allows. */
export function parseNat64(text: string): Cidr | Problem {
  const cidr = parseCidr(text);
  if ('problem' in cidr) return cidr;
  return cidr.bytes.length === 16 && NAT64_BITS.includes(cidr.bits)
    ? cidr
    : problem(`${quote(text)} is not a NAT64 prefix: IPv6 with /32, /40, /48, /56, /64 or /96`);
}

/** Whether the address lies in the network. What is no address lies in none. */
export function cidrContains(cidr: Cidr, ip: string): boolean {
  const canonical = canonicalIp(ip);
  return canonical !== null && contains(cidr, bytesOf(canonical));
}

/** The network of this prefix length that an address lies in, as text; null where there is none. */
export function networkText(ip: string, family: 4 | 6, bits: number): string | null {
  const canonical = canonicalIp(ip);
  if (canonical === null) return null;
  const bytes = bytesOf(canonical);
  return bytes.length === (family === 4 ? 4 : 16) ? `${textOf(masked(bytes, bits))}/${bits}` : null;
}

/** A port as the strict grammar has it: 1-65535, no sign, no leading zero. Else null. */
export function parsePort(text: string): number | null {
  const port = PORT.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : null;
}

function isOpen(addressClass: AddressClass, ctx: AddressContext): boolean {
  switch (addressClass) {
    case 'public':
      return true;
    case 'private':
    case 'cgnat':
    case 'ula':
      return ctx.privateRule || ctx.literalRule;
    case 'documentation':
    case 'reserved':
      return ctx.literalRule;
    default:
      return false;
  }
}

function isListener(ip: string, port: number, ctx: AddressContext): boolean {
  return ctx.listeners.some((listener) => {
    if (listener.port !== port) return false;
    const bytes = bytesOf(ip);
    const addressClass = builtInClass(bytes);
    // Linux connects 0.0.0.0 and :: to loopback.
    if (addressClass === 'unspecified') return true;
    const address = canonicalIp(listener.address);
    const everywhere = address === null || builtInClass(bytesOf(address)) === 'unspecified';
    if (!everywhere) return address === ip;
    return addressClass === 'loopback' || ctx.ownAddresses.has(ip);
  });
}

function isListed(list: readonly CidrPort[], names: readonly string[], port: number): boolean {
  return names.some((name) => {
    const bytes = bytesOf(name);
    return list.some(
      (entry) => (entry.port === null || entry.port === port) && contains(entry.cidr, bytes),
    );
  });
}

/** The IPv4 address that a NAT64 address stands for, RFC 6052 section 2.2; null if it is none. */
function embeddedByNat64(ip: string, nat64: readonly Cidr[]): string | null {
  if (!ip.includes(':')) return null;
  const bytes = bytesOf(ip);
  const prefix = [NAT64, ...nat64].find((cidr) => contains(cidr, bytes));
  if (prefix === undefined) return null;
  // Bits 64 to 71 are no part of the embedded address.
  const after = bytes.slice(prefix.bits / 8);
  if (prefix.bits < 96) after.splice(8 - prefix.bits / 8, 1);
  return after.slice(0, 4).join('.');
}

function contains(cidr: Cidr, bytes: readonly number[]): boolean {
  if (bytes.length !== cidr.bytes.length) return false;
  const network = masked(bytes, cidr.bits);
  return cidr.bytes.every((byte, i) => byte === network[i]);
}

function masked(bytes: readonly number[], bits: number): number[] {
  return bytes.map((byte, i) => {
    const kept = Math.min(8, Math.max(0, bits - i * 8));
    return byte & (0xff << (8 - kept)) & 0xff;
  });
}

/** A trailing dotted IPv4 as two groups (ipaddr.js reads `::1.2.3.4` as mapped, which it is not). */
function withoutDots(text: string): string | null {
  if (!/^[0-9a-f:.]*$/i.test(text)) return null;
  if (!text.includes('.')) return text;
  const at = text.lastIndexOf(':') + 1;
  const tail = text.slice(at);
  if (at === 0 || !ipaddr.IPv4.isValidFourPartDecimal(tail)) return null;
  const [a = 0, b = 0, c = 0, d = 0] = ipaddr.IPv4.parse(tail).octets;
  return `${text.slice(0, at)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

function bytesOf(canonical: string): number[] {
  return ipaddr.parse(canonical).toByteArray();
}

function textOf(bytes: number[]): string {
  const ip = ipaddr.fromByteArray(bytes);
  return ip.kind() === 'ipv4' ? ip.toString() : (ip as ipaddr.IPv6).toRFC5952String();
}

function readBits(text: string, width: number): number {
  const bits = /^(0|[1-9][0-9]{0,2})$/.test(text) ? Number(text) : Number.NaN;
  return bits <= width ? bits : Number.NaN;
}

function zeros(count: number): number[] {
  return new Array<number>(count).fill(0);
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}

function problem(text: string): Problem {
  return { problem: text };
}
