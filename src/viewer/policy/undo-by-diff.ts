// A change on the record (lines gone, lines new) and the text that it led to → the text before it.
// The record has no places for lines, so each is tried; its hash says which one it was. Pure; takes long
// for long texts, so `planner.ts` has it done in a thread.

import { hashOf } from './policy-write.ts';

/** Larger files are not searched: each try hashes all of the text. */
const MAX_CHARS = 128 * 1024;
const MAX_TRIES = 2000;

/** The text whose hash is `to`, or null where the lines of the record do not lead there. */
export function textBefore(after: string, diff: readonly string[], to: string): string | null {
  if (after.length > MAX_CHARS) return null;
  const lines = after.split('\n');
  const gone = diff.filter((line) => line.startsWith('- ')).map((line) => line.slice(2));
  for (const line of diff.filter((each) => each.startsWith('+ '))) {
    const at = lines.lastIndexOf(line.slice(2));
    if (at < 0) return null;
    lines.splice(at, 1);
  }
  for (let at = lines.length; at >= 0 && lines.length - at < MAX_TRIES; at -= 1) {
    const text = lines.toSpliced(at, 0, ...gone).join('\n');
    if (hashOf(text) === to) return text;
    if (gone.length === 0) return null;
  }
  return null;
}
