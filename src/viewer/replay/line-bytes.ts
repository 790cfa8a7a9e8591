// The grammar of a line, byte by byte: the stamp that leash puts in front, and how to go past a JSON value
// without reading it. Pure. Places are offsets in the line; one behind its end says that it ends too early.

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const SPACE = 0x20;
const ZERO = 0x30;
const DOT = 0x2e;
const UNDERSCORE = 0x5f;
const LETTER_B = 0x62;

const SEQ = Buffer.from('{"seq":');
const PREV = Buffer.from(',"prev":"');
const TS = Buffer.from('","ts":');
const EVENT = Buffer.from(',"event":"');
const ID = Buffer.from('","id":"');
const HASH_CHARS = 64;
/** Digits that a number holds exactly. */
const MAX_DIGITS = 16;

/** Where the parts of a stamp are; one for many lines. */
export type Stamp = {
  ts: number;
  eventStart: number;
  eventEnd: number;
  idStart: number;
  idEnd: number;
  /** Behind the stamp. */
  end: number;
};

/** Reads the stamp as leash writes it (shared/audit-line.ts). False: there is none. */
export function readStamp(bytes: Buffer, stamp: Stamp): boolean {
  if (!hasAt(bytes, SEQ, 0)) return false;
  let at = SEQ.length;
  while (isDigit(bytes[at])) at += 1;
  if (!hasAt(bytes, PREV, at)) return false;
  at += PREV.length + HASH_CHARS;
  if (!hasAt(bytes, TS, at)) return false;
  at += TS.length;
  let digits = 0;
  let places = -1;
  let value = 0;
  for (; isDigit(bytes[at]) || bytes[at] === DOT; at += 1) {
    if (bytes[at] === DOT) {
      if (places >= 0) return false;
      places = 0;
    } else {
      value = value * 10 + ((bytes[at] as number) - ZERO);
      digits += 1;
      if (places >= 0) places += 1;
    }
  }
  const isExact = digits > 0 && digits <= MAX_DIGITS && Number.isSafeInteger(value);
  if (!isExact || !hasAt(bytes, EVENT, at)) return false;
  const eventStart = at + EVENT.length;
  const eventEnd = bytes.indexOf(QUOTE, eventStart);
  if (eventEnd < 0 || !hasAt(bytes, ID, eventEnd)) return false;
  const idStart = eventEnd + ID.length;
  const found = string(bytes, idStart);
  const idEnd = found >> 1;
  if (idEnd >= bytes.length || (found & 1) === 1) return false;
  // Both are exact, so that the quotient is the number that stands there.
  stamp.ts = places > 0 ? value / 10 ** places : value;
  stamp.eventStart = eventStart;
  stamp.eventEnd = eventEnd;
  stamp.idStart = idStart;
  stamp.idEnd = idEnd;
  stamp.end = idEnd + 1;
  return true;
}

/** From behind the first quote to the last one: its place twice, and one more where it is not plain ASCII. */
export function string(bytes: Buffer, from: number): number {
  const end = bytes.length;
  let seen = 0;
  let isEscaped = 0;
  let at = from;
  while (at < end) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) break;
    if (byte === BACKSLASH) {
      isEscaped = 1;
      at += 1;
    }
    seen |= byte;
    at += 1;
  }
  return at * 2 + (isEscaped | (seen >> 7));
}

/** Behind a value that is no string. */
export function value(bytes: Buffer, from: number): number {
  const first = bytes[from];
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return nested(bytes, from);
  let at = from;
  for (; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (byte === COMMA || byte === CLOSE_BRACE || byte <= SPACE) return at;
  }
  return at + 1;
}

function nested(bytes: Buffer, from: number): number {
  const end = bytes.length;
  let depth = 0;
  let at = from;
  while (at < end) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) at = string(bytes, at + 1) >> 1;
    else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) depth += 1;
    else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
    at += 1;
  }
  return end + 1;
}

/** The first place that is no blank. */
export function blanks(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && (bytes[at] as number) <= SPACE) at += 1;
  return at;
}

/** The first place of a byte in a stretch, or its end. */
export function until(
  bytes: Buffer,
  byte: number,
  { start, end }: { readonly start: number; readonly end: number },
): number {
  for (let at = start; at < end; at += 1) if (bytes[at] === byte) return at;
  return end;
}

/** Whether a key is `req_body` or `res_body`. */
export function isCopy(bytes: Buffer, from: number, to: number): boolean {
  return to - from === 8 && bytes[from + 3] === UNDERSCORE && bytes[from + 4] === LETTER_B;
}

/** Finds names by their bytes; no two of them may be alike in length and the first two bytes. */
export function namesByLook<T extends string>(
  names: readonly T[],
): (bytes: Buffer, from: number, to: number) => T | undefined {
  const byLook = new Map(
    names.map((name) => {
      const own = Buffer.from(name);
      return [lookOf(own, 0, own.length), { name, own }];
    }),
  );
  if (byLook.size < names.length) throw new RangeError('Cannot tell names apart by their look');
  return (bytes, from, to) => {
    const found = byLook.get(lookOf(bytes, from, to));
    return found !== undefined && hasAt(bytes, found.own, from) ? found.name : undefined;
  };
}

function lookOf(bytes: Buffer, from: number, to: number): number {
  return ((to - from) * 256 + (bytes[from] ?? 0)) * 256 + (bytes[from + 1] ?? 0);
}

function hasAt(bytes: Buffer, wanted: Buffer, at: number): boolean {
  for (let i = 0; i < wanted.length; i += 1) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte < ZERO + 10;
}
