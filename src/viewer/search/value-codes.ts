// Which codes of a dictionary have a value that a term asks for. Agents choose what stands in it, so that it
// is looked through in short turns, and no longer than a search may take. Knows nothing of rows.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Value } from '../index/segment-index.ts';

/** Comparisons of one value with one piece of a pattern between two turns of the event loop. */
const TURN_TESTS = 8192;

/** The values of a dictionary in lower case, and where each of them stands. */
type Lookup = {
  length: number;
  readonly last: Map<string, number>;
  /** Codes of equal texts: of a code the one before it. */
  readonly before: Map<number, number>;
};

/** As long as the dictionary itself is kept, and so within its limits. */
const lookups = new WeakMap<readonly Value[], Lookup>();

/** Codes of values that are equal to a text in lower case, upper and lower case alike. */
export async function codesOf(
  values: readonly Value[],
  texts: readonly string[],
): Promise<number[]> {
  const lookup = await lookupOf(values);
  const codes: number[] = [];
  for (const text of texts) {
    for (let code = lookup.last.get(text); code !== undefined; code = lookup.before.get(code)) {
      codes.push(code);
    }
  }
  return codes;
}

/** A dictionary grows: what is new of it is added. */
async function lookupOf(values: readonly Value[]): Promise<Lookup> {
  const lookup = lookups.get(values) ?? { length: 1, last: new Map(), before: new Map() };
  lookups.set(values, lookup);
  for (;;) {
    const end = Math.min(values.length, lookup.length + TURN_TESTS);
    // Two searches may be at it in turns: each goes on where it is now.
    for (; lookup.length < end; lookup.length += 1) {
      const value = values[lookup.length];
      if (typeof value !== 'string') continue;
      const text = value.toLowerCase();
      const same = lookup.last.get(text);
      if (same !== undefined) lookup.before.set(lookup.length, same);
      lookup.last.set(text, lookup.length);
    }
    if (lookup.length >= values.length) return lookup;
    await nextTurn();
  }
}

/**
 * Marks the codes of values for which a test holds. `weight`: what one test costs. Gives the
 * first code that was not looked at because the time was over.
 */
export async function markCodes(
  values: readonly Value[],
  table: Uint8Array,
  {
    holds,
    weight,
    isOver,
  }: {
    readonly holds: (value: Value) => boolean;
    readonly weight: number;
    readonly isOver: () => boolean;
  },
): Promise<number> {
  const turn = Math.max(1, Math.floor(TURN_TESTS / weight));
  for (let start = 1; start < table.length; start += turn) {
    if (start > 1) {
      await nextTurn();
      if (isOver()) return start;
    }
    const end = Math.min(table.length, start + turn);
    for (let code = start; code < end; code += 1) {
      if (holds(values[code] ?? null)) table[code] = 1;
    }
  }
  return table.length;
}
