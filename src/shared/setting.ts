// Kinds of settings: each knows how to read its text and how to say what is allowed. The table of
// settings is config.ts; this file knows no single setting and no environment.

import { canonicalIp, parseCidr, parsePort } from './address.ts';
import { type Host, parseAuthority, parseHost } from './host.ts';

export type Problem = { readonly problem: string };

/** A proxy that stands between leash and the internet. */
export type ProxyAddress = {
  readonly host: Host;
  readonly port: number;
  readonly isIp: boolean;
  /** Value of `Proxy-Authorization`, a secret; null: it asks for none. */
  readonly authorization: string | null;
};

/** Names of the users that workers and viewer run as. */
export type UserPair = { readonly worker: string; readonly viewer: string };

export type Setting<T> = {
  /** Name of the variable. */
  readonly name: string;
  /** Text that stands in for an absent or empty variable. */
  readonly fallback: string;
  /** For people: what the text may be. */
  readonly allowed: string;
  readonly why: string;
  /** The value must not be shown in messages. */
  readonly secret: boolean;
  /** Text → value; null = not allowed. */
  read(text: string): T | null;
};

type Range = {
  readonly min: number;
  readonly max: number;
  /** What one stands for; the value is in bytes or milliseconds. */
  readonly unit?: number;
  readonly why: string;
};

/** A whole number in a range, written with digits alone. */
export function whole(name: string, fallback: string, range: Range): Setting<number> {
  const { min, max, unit = 1, why } = range;
  const allowed = `a whole number ${min}-${max}`;
  return row({ name, fallback, allowed, why }, (text) => {
    const value = /^(?:0|[1-9][0-9]{0,9})$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value * unit : null;
  });
}

/** One of a few words; a record gives each word its value. */
export function choice<T extends string>(
  name: string,
  fallback: T,
  words: readonly T[],
  why: string,
): Setting<T>;
export function choice<T>(
  name: string,
  fallback: string,
  words: Readonly<Record<string, T>>,
  why: string,
): Setting<T>;
export function choice(
  name: string,
  fallback: string,
  words: readonly string[] | Readonly<Record<string, unknown>>,
  why: string,
): Setting<unknown> {
  const values = new Map<string, unknown>(
    Array.isArray(words) ? words.map((word) => [word, word]) : Object.entries(words),
  );
  const allowed = [...values.keys()].join(', ');
  return row({ name, fallback, allowed, why }, (text) => values.get(text) ?? null);
}

/** A path of a file or a folder. */
export function path(name: string, fallback: string, why: string): Setting<string> {
  const allowed = 'a path';
  return row({ name, fallback, allowed, why }, (text) => (text.includes('\0') ? null : text));
}

export function ipAddress(name: string, fallback: string, why: string): Setting<string> {
  const allowed = 'an IP address, no brackets and no name';
  return row({ name, fallback, allowed, why }, canonicalIp);
}

export function hostName(name: string, why: string): Setting<string> {
  const words = { name, fallback: '', allowed: 'a host name', why };
  return row(words, (text) => (text === '' ? '' : readHost(text)));
}

/** `host:port`, IPv6 in brackets; in normal form. */
export function authority(name: string, why: string): Setting<string> {
  const words = { name, fallback: '', allowed: 'host:port', why };
  return row(words, (text) => {
    if (text === '') return '';
    const target = parseAuthority(text, null);
    return 'problem' in target ? null : target.authority;
  });
}

export function hostNameList(name: string, why: string): Setting<readonly string[]> {
  return list(name, 'host names, comma-separated', why, readHost);
}

export function cidrList(name: string, why: string): Setting<readonly string[]> {
  return list(name, 'IP networks like 10.0.0.0/8, comma-separated', why, (text) => {
    const cidr = parseCidr(text);
    return 'problem' in cidr ? null : cidr.text;
  });
}

/** `ip`, `ip:port`, `[v6]:port`. */
export function dnsList(name: string, why: string): Setting<readonly string[]> {
  return list(name, 'ip, ip:port or [ipv6]:port, comma-separated', why, (text) => {
    const parts = /^(?:\[([^[\]]+)\]|([0-9.]+)):([0-9]+)$/.exec(text);
    if (parts === null) return canonicalIp(text);
    const ip = canonicalIp(parts[1] ?? parts[2] ?? '');
    const port = parsePort(parts[3] ?? '');
    if (ip === null || port === null) return null;
    return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
  });
}

/** A secret that fits a header and a link: printable ASCII without blanks. Never shown. */
export function token(name: string, why: string): Setting<string> {
  const allowed = 'off, or 1-256 printable ASCII characters without blanks';
  const read = (text: string) => (/^[!-~]{0,256}$/.test(text) ? text : null);
  return { ...row({ name, fallback: '', allowed, why }, read), secret: true };
}

/** `http://[user:pass@]host:port`, nothing behind it. Never shown: it may hold a password. */
export function proxyUrl(name: string, why: string): Setting<ProxyAddress | 'none'> {
  const allowed =
    'http://host:port or http://user:pass@host:port, no https, no path, the port said, ' +
    'and in user and pass "%40" for "@" and the like';
  const read = (text: string) => (text === '' ? 'none' : readProxy(text));
  return { ...row({ name, fallback: '', allowed, why }, read), secret: true };
}

/** `worker:viewer`, two names of users, neither the other one nor root. */
export function userPair(name: string, why: string): Setting<UserPair | 'same'> {
  const words = { name, fallback: '', allowed: 'worker:viewer, two users, neither root', why };
  return row(words, (text) => {
    if (text === '') return 'same';
    const [, worker, viewer] =
      /^([a-z_][a-z0-9_-]{0,31}):([a-z_][a-z0-9_-]{0,31})$/.exec(text) ?? [];
    if (worker === undefined || viewer === undefined || worker === viewer) return null;
    return worker === 'root' || viewer === 'root' ? null : { worker, viewer };
  });
}

/** How a refused value stands in a message: quoted, short, on one line, and never a secret. */
export function showValue(setting: Setting<unknown>, text: string): string {
  if (setting.secret) return 'has a value that is not allowed';
  return `is ${JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text)}`;
}

/** The name that was probably meant: at most two letters wrong. */
export function nearest(name: string, names: readonly string[]): string | null {
  const ranked = names
    .filter((known) => Math.abs(known.length - name.length) <= 2)
    .map((known) => ({ known, distance: editDistance(name, known) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= 2 ? best.known : null;
}

/** Node reads `_` in an option as `-`. */
export function isInsecureParserOption(nodeOptions: string): boolean {
  return /--insecure[-_]http[-_]parser/.test(nodeOptions);
}

type Words = Pick<Setting<unknown>, 'name' | 'fallback' | 'allowed' | 'why'>;

function row<T>(words: Words, read: (text: string) => T | null): Setting<T> {
  return { ...words, secret: false, read };
}

function list(
  name: string,
  allowed: string,
  why: string,
  readItem: (text: string) => string | null,
): Setting<readonly string[]> {
  return row({ name, fallback: '', allowed, why }, (text) => {
    if (text === '') return [];
    const items = text.split(',').map((item) => readItem(item.trim()));
    return items.every((item) => item !== null) ? items : null;
  });
}

function readProxy(text: string): ProxyAddress | null {
  const parts = /^http:\/\/(?:([!-~]*)@)?([^@/?#]+)$/.exec(text);
  const target = parseAuthority(parts?.[2] ?? '', null);
  if (parts === null || 'problem' in target) return null;
  const { host, port, isIp } = target;
  if (parts[1] === undefined) return { host, port, isIp, authorization: null };
  const authorization = basicCredential(parts[1]);
  return authorization === null ? null : { host, port, isIp, authorization };
}

/** RFC 3986 3.2.1 → RFC 7617 2: a user without colon, and no control characters in either. */
function basicCredential(userInfo: string): string | null {
  const colon = userInfo.indexOf(':');
  if (colon < 1 || userInfo.length > 1024 || /[/?#@[\]]/.test(userInfo)) return null;
  try {
    const user = decodeURIComponent(userInfo.slice(0, colon));
    const pass = decodeURIComponent(userInfo.slice(colon + 1));
    if (user.includes(':') || /\p{Cc}/u.test(user + pass)) return null;
    return `Basic ${Buffer.from(`${user}:${pass}`).toString('base64')}`;
  } catch {
    // What no percent sign may stand before.
    return null;
  }
}

function readHost(text: string): string | null {
  const host = parseHost(text);
  return typeof host === 'string' ? host : null;
}

/** Levenshtein's distance, one row at a time. Both are short: names of variables. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replace = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(replace, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
