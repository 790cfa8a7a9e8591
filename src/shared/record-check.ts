// Whether bytes are the members of one JSON object, in the form that the record allows: known names,
// each once, no control character, no second line. One pass, no parse, no allocation per member:
// this runs on every record, in the process that all workers share.
// Pure; it knows nothing of events or of what a value means.
//
// Invariant: what passes here cannot end a line, name a field of the primary's, or hide from a reader.

import { isUtf8 } from 'node:buffer';

/** Header lists are two deep; nothing that leash writes is deeper than a list of objects. */
const MAX_DEPTH = 4;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const EXPONENT = 0x65;
const ZERO = 0x30;
const LOWER_U = 0x75;
/** For a byte behind a backslash, 1: it is an escape of two characters. */
const SHORT_ESCAPES = new Uint8Array(256);
for (const byte of Buffer.from('"\\/bfnrt')) SHORT_ESCAPES[byte] = 1;

/** For a byte inside a string: 0 = plain, 1 = ends or escapes or may start a control, 2 = never. */
const STRING_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte < 0x20 || byte === 0x7f) return 2;
  // 0xc2 starts U+0080-009F, 0xe2 starts U+2028/9: they act on terminals or end lines.
  return byte === QUOTE || byte === BACKSLASH || byte === 0xc2 || byte === 0xe2 ? 1 : 0;
});

/** Names that members may have, made to be found by their bytes: no string is made for one. */
export class MemberNames {
  /** By `bucketOf`: the bytes of each name, and its number. */
  readonly #buckets: { readonly bytes: Uint8Array; readonly number: number }[][];
  /** By number: in which round it was seen last. */
  readonly #seen: Uint32Array;
  #round = 0;

  constructor(names: Iterable<string>) {
    const all = [...names];
    this.#seen = new Uint32Array(all.length);
    this.#buckets = Array.from({ length: BUCKETS }, () => []);
    for (const [number, name] of all.entries()) {
      const bytes = Buffer.from(name);
      this.#buckets[bucketOf(bytes, 0, bytes.length)]?.push({ bytes, number });
    }
  }

  /** From here on no name has been seen. */
  begin(): void {
    this.#round = (this.#round + 1) >>> 0;
    if (this.#round > 0) return;
    this.#seen.fill(0);
    this.#round = 1;
  }

  /** Takes note of the name in these bytes: it is not one of these, or stands twice, or all is well. */
  see(bytes: Uint8Array, start: number, end: number): 'unknown' | 'twice' | 'new' {
    for (const name of this.#buckets[bucketOf(bytes, start, end)] ?? []) {
      if (!isAt(name.bytes, bytes, start, end)) continue;
      if (this.#seen[name.number] === this.#round) return 'twice';
      this.#seen[name.number] = this.#round;
      return 'new';
    }
    return 'unknown';
  }
}

const BUCKETS = 64;
type Names = Pick<MemberNames, 'begin' | 'see'>;

function bucketOf(bytes: Uint8Array, start: number, end: number): number {
  const [first = 0, last = 0] = [bytes[start], bytes[end - 1]];
  return (first * 7 + last * 3 + (end - start) * 5) % BUCKETS;
}

function isAt(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== name.length) return false;
  for (let index = 0; index < name.length; index += 1) {
    if (name[index] !== bytes[start + index]) return false;
  }
  return true;
}

/**
 * Bytes between the braces of an object → null when they may stand in the record, else what is
 * wrong. Never throws. An empty list of members is wrong, too: the caller leaves it out.
 */
export function checkMembers(bytes: Uint8Array, allowed: Names): string | null {
  if (!isUtf8(bytes)) return 'not UTF-8';
  allowed.begin();
  let at = 0;
  for (;;) {
    const nameEnd = skipString(bytes, at);
    if (nameEnd < 0) return `no member name at byte ${at}`;
    const seen = allowed.see(bytes, at + 1, nameEnd - 1);
    if (seen !== 'new') {
      const name = readName(bytes, at + 1, nameEnd - 1);
      if (seen === 'twice') return `member "${name}" stands twice`;
      return `member "${name}" is not the sender's to set`;
    }
    if (bytes[nameEnd] !== COLON) return `no ":" at byte ${nameEnd}`;
    const valueEnd = skipValue(bytes, nameEnd + 1, 0);
    if (valueEnd < 0) return `bad value of "${readName(bytes, at + 1, nameEnd - 1)}"`;
    if (valueEnd === bytes.length) return null;
    if (bytes[valueEnd] !== COMMA) return `no "," at byte ${valueEnd}`;
    at = valueEnd + 1;
  }
}

/** For a message. */
function readName(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, Math.min(end, start + 40)));
}

/** Each of these: index of a value's first byte → index behind it, or -1. */
function skipValue(bytes: Uint8Array, at: number, depth: number): number {
  const first = bytes[at];
  if (first === QUOTE) return skipString(bytes, at);
  if (first === 0x5b) return skipList(bytes, at, depth);
  if (first === 0x7b) return skipObject(bytes, at, depth);
  if (first === 0x74) return skipWord(bytes, at, 'true');
  if (first === 0x66) return skipWord(bytes, at, 'false');
  if (first === 0x6e) return skipWord(bytes, at, 'null');
  return skipNumber(bytes, at);
}

function skipString(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== QUOTE) return -1;
  let index = at + 1;
  for (;;) {
    while (STRING_BYTE[bytes[index] ?? 0] === 0) index += 1;
    // Behind the end there is no byte, which counts as 0x00: forbidden.
    const byte = bytes[index] ?? 0;
    if (byte === QUOTE) return index + 1;
    if (STRING_BYTE[byte] === 2) return -1;
    index = byte === BACKSLASH ? skipEscape(bytes, index) : skipWide(bytes, index);
    if (index < 0) return -1;
  }
}

/** RFC 8259 section 7. */
function skipEscape(bytes: Uint8Array, at: number): number {
  const kind = bytes[at + 1] ?? 0;
  if (kind !== LOWER_U) return SHORT_ESCAPES[kind] === 1 ? at + 2 : -1;
  for (let index = at + 2; index < at + 6; index += 1) {
    if (!isHexDigit(bytes[index] ?? 0)) return -1;
  }
  return at + 6;
}

/** The bytes are UTF-8 as a whole, so only the forbidden characters are looked for. */
function skipWide(bytes: Uint8Array, at: number): number {
  const second = bytes[at + 1] ?? 0;
  if (bytes[at] === 0xc2) return second < 0xa0 ? -1 : at + 2;
  const third = bytes[at + 2] ?? 0;
  return second === 0x80 && (third === 0xa8 || third === 0xa9) ? -1 : at + 3;
}

function skipList(bytes: Uint8Array, at: number, depth: number): number {
  if (depth === MAX_DEPTH) return -1;
  if (bytes[at + 1] === 0x5d) return at + 2;
  for (let index = at + 1; ; index += 1) {
    index = skipValue(bytes, index, depth + 1);
    if (index < 0) return -1;
    if (bytes[index] === 0x5d) return index + 1;
    if (bytes[index] !== COMMA) return -1;
  }
}

function skipObject(bytes: Uint8Array, at: number, depth: number): number {
  if (depth === MAX_DEPTH) return -1;
  if (bytes[at + 1] === 0x7d) return at + 2;
  for (let index = at + 1; ; index += 1) {
    index = skipString(bytes, index);
    if (index < 0 || bytes[index] !== COLON) return -1;
    index = skipValue(bytes, index + 1, depth + 1);
    if (index < 0) return -1;
    if (bytes[index] === 0x7d) return index + 1;
    if (bytes[index] !== COMMA) return -1;
  }
}

function skipWord(bytes: Uint8Array, at: number, word: string): number {
  for (let index = 0; index < word.length; index += 1) {
    if (bytes[at + index] !== word.charCodeAt(index)) return -1;
  }
  return at + word.length;
}

/** As JSON.stringify writes numbers, a double has fewer characters. */
const MAX_NUMBER_CHARS = 31;

/** RFC 8259 section 6. */
function skipNumber(bytes: Uint8Array, at: number): number {
  const start = bytes[at] === MINUS ? at + 1 : at;
  let end = skipDigits(bytes, start);
  if (end === start || (bytes[start] === ZERO && end > start + 1)) return -1;
  if (bytes[end] === POINT) {
    const fraction = end + 1;
    end = skipDigits(bytes, fraction);
    if (end === fraction) return -1;
  }
  if (bytes[end] === EXPONENT) {
    const sign = bytes[end + 1];
    const exponent = sign === MINUS || sign === PLUS ? end + 2 : end + 1;
    end = skipDigits(bytes, exponent);
    if (end === exponent) return -1;
  }
  return end - at > MAX_NUMBER_CHARS ? -1 : end;
}

function skipDigits(bytes: Uint8Array, at: number): number {
  let index = at;
  while (isDigit(bytes[index] ?? 0)) index += 1;
  return index;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39;
}

function isHexDigit(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}
