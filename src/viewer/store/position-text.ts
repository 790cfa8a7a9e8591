// A place in the log as text, for cursors and links: `7:1234` is byte 1234 of segment 7. Pure.

import type { Position } from './segment-reader.ts';

/** Position → text. */
export function formatPosition(place: Position): string {
  return `${place.segment}:${place.offset}`;
}

/** Text → position, or null where it is not one. */
export function parsePosition(text: string): Position | null {
  const match = /^(\d{1,10}):(\d{1,15})$/.exec(text);
  return match ? { segment: Number(match[1]), offset: Number(match[2]) } : null;
}

/** Whether `a` is nearer to the end of the log than `b`. */
export function isNewer(a: Position, b: Position): boolean {
  return a.segment === b.segment ? a.offset > b.offset : a.segment > b.segment;
}
