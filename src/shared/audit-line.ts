// One record ↔ one line, and the link from each line to the one before it.
// A verifier needs no key and no canonical form: hash the bytes of a line, compare with the next
// line's `prev`. Pure: the caller gives number, time and bytes.

import type { AuditRecord, EventName } from './audit-event.ts';

/** `prev` of the first record of a log. */
export const GENESIS = '0'.repeat(64);

// C1 controls and DEL act on terminals, U+2028/9 end a line for some readers: JSON.stringify
// leaves all of them raw, so they are escaped here.
const TERMINAL_CONTROLS = /[\u007f-\u009f\u2028\u2029]/g;

// All of ASCII that a JSON string holds as it is.
const PLAIN = /^[ !#-[\]-~]*$/;

/** From here on two native looks at a text are cheaper than a regular expression's one. */
const LONG_CHARS = 512;

function isAsciiWithoutDelete(text: string): boolean {
  return Buffer.byteLength(text) === text.length && !text.includes('\u007f');
}

/** A value → JSON text without one raw control character (safe for a terminal, `tail`, `grep`). */
export function formatJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (text.length >= LONG_CHARS && isAsciiWithoutDelete(text)) return text;
  return text.replace(
    TERMINAL_CONTROLS,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * Fields → the members of a JSON object, braces left out, so that the primary can put its own
 * fields in front without parsing. Undefined, zero, empty strings and empty lists are left out. No
 * name may stand in two of the parts.
 */
export function formatMembers(...parts: readonly object[]): string {
  let members = '';
  for (const part of parts) {
    for (const name of Object.keys(part)) {
      const value = (part as Readonly<Record<string, unknown>>)[name];
      if (value === undefined || value === 0 || value === '') continue;
      if (Array.isArray(value) && value.length === 0) continue;
      members += `${members === '' ? '' : ','}${formatValue(name)}:${formatValue(value)}`;
    }
  }
  return members;
}

/** Most values are short, and need no escape: those are not sent through `JSON.stringify`. */
function formatValue(value: unknown): string {
  if (typeof value === 'string' && PLAIN.test(value)) return `"${value}"`;
  return typeof value === 'number' && Number.isFinite(value) ? `${value}` : formatJson(value);
}

export type Stamp = {
  readonly seq: number;
  readonly prev: string;
  readonly tsSeconds: number;
  readonly event: EventName;
  /** `<epoch>-<worker>-<n>`; worker 0 is the primary itself. */
  readonly id: string;
};

const WORKER_ID = /^\d+-([1-9]\d*)-/;

/** The start of a line: what only the primary may say. The members follow, then `}`. */
export function formatStamp({ seq, prev, tsSeconds, event, id }: Stamp): string {
  const stamp = `{"seq":${seq},"prev":"${prev}","ts":${tsSeconds},"event":"${event}","id":"${id}"`;
  const worker = WORKER_ID.exec(id)?.[1];
  return worker === undefined ? stamp : `${stamp},"worker":${worker}`;
}

/** Upper bound of `formatStamp` plus comma, brace and newline; a test holds it. */
export const MAX_STAMP_BYTES = 260;

/** A line → its record, or null where it is not one (torn, damaged, foreign). */
export function parseLine(text: string): AuditRecord | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    return value as AuditRecord;
  } catch {
    return null;
  }
}
