// Header lists as Node's `rawHeaders` gives them: flat arrays [name, value, name, value, ...], in order,
// with case and duplicates kept, bytes as latin1 characters. The folded object `req.headers` is never
// used: it hides duplicates and truncates (CVE-2026-58044). Pure.

import type { HeaderPairs } from '../../shared/audit-event.ts';

export type RawHeaders = readonly string[];

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

/** Bytes of names and values. */
export function listBytes(headers: RawHeaders): number {
  let bytes = 0;
  for (const text of headers) bytes += text.length;
  return bytes;
}

/** What stands in the record for a credential that is leash's own to know. */
const HIDDEN = 'hidden: a credential for leash';

/** As `headerPairs`, for a client's head: what it shows to leash, and to nobody else, is left out. */
export function withoutCredential(headers: RawHeaders): HeaderPairs {
  const pairs = headerPairs(headers);
  if (valuesOf(headers, 'proxy-authorization').length === 0) return pairs;
  return pairs.map(([name, value]) =>
    name.toLowerCase() === 'proxy-authorization' ? [name, HIDDEN] : [name, value],
  );
}

/** The flat list as pairs, for the record. */
export function headerPairs(headers: RawHeaders): HeaderPairs {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    pairs.push([headers[at] ?? '', headers[at + 1] ?? '']);
  }
  return pairs;
}
