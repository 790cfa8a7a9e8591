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

/** For a byte inside a string: 0 = plain, 1 = ends or escapes or may start a control, 2 = never. */
const STRING_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte < 0x20 || byte === 0x7f) return 2;
  // 0xc2 starts U+0080-009F, 0xe2 starts U+2028/9: they act on terminals or end lines.
  return byte === QUOTE || byte === BACKSLASH || byte === 0xc2 || byte === 0xe2 ? 1 : 0;
});

/**
 * Bytes between the braces of an object → null when they may stand in the record, else what is
 * wrong. Never throws. An empty list of members is wrong, too: the caller leaves it out.
 */
export function checkMembers(bytes: Uint8Array, allowed: ReadonlySet<string>): string | null {
  if (!isUtf8(bytes)) return 'not UTF-8';
  const seen = new Set<string>();
  let at = 0;
  for (;;) {
    const nameEnd = skipString(bytes, at);
    if (nameEnd < 0) return `no member name at byte ${at}`;
    const name = readName(bytes, at + 1, nameEnd - 1);
    if (!allowed.has(name)) return `member "${name.slice(0, 40)}" is not the sender's to set`;
    if (seen.has(name)) return `member "${name}" stands twice`;
    seen.add(name);
    if (bytes[nameEnd] !== COLON) return `no ":" at byte ${nameEnd}`;
    const valueEnd = skipValue(bytes, nameEnd + 1, 0);
    if (valueEnd < 0) return `bad value of "${name}"`;
    if (valueEnd === bytes.length) return null;
    if (bytes[valueEnd] !== COMMA) return `no "," at byte ${valueEnd}`;
    at = valueEnd + 1;
  }
}

/** Names are short ASCII; whatever else stands there is in no list. */
function readName(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, Math.min(end, start + 64)));
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
  const kind = String.fromCharCode(bytes[at + 1] ?? 0);
  if (kind !== 'u') return '"\\/bfnrt'.includes(kind) ? at + 2 : -1;
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

/** RFC 8259 section 6, as JSON.stringify writes numbers; 32 characters hold each double. */
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?/;

function skipNumber(bytes: Uint8Array, at: number): number {
  const text = String.fromCharCode(...bytes.subarray(at, at + 32));
  const length = NUMBER.exec(text)?.[0].length ?? 0;
  return length === 0 || length === 32 ? -1 : at + length;
}

function isHexDigit(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x46) ||
    (byte >= 0x61 && byte <= 0x66)
  );
}
