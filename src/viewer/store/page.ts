// One answer to a query: a page of rows, and cursors to go on from; and what whoever looks for one needs.
// Types and small helpers: how the rows are found is the business of `search/`.

import type { LogFolder } from './log-folder.ts';
import type { LogQuery } from './log-params.ts';
import type { Row } from './row.ts';
import { type Position, seekBefore } from './segment-reader.ts';

export type Page = {
  /** Newest first. */
  rows: Row[];
  /** Go on from here with `before`; null when there is nothing older. */
  cursor: string | null;
  more: boolean;
  /** Time of the oldest record looked at, seconds since 1970; null = none. */
  searchedBackTo: number | null;
  /** Newest place looked at: ask with `after` for what comes later. */
  newest: string | null;
  /** Rows newer than these, nearest first: ask with `after` and `order=oldest`. Null: none is known. */
  newer: string | null;
  /** What was understood otherwise than it may be meant. */
  notes: readonly string[];
  /** Lines that are too long for records, and segments that could not be read, or not all of them. */
  skipped: { lines: number; segments: number[] };
};

export type SearchDeps = {
  readonly log: LogFolder;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
};

/** A reader of the log that also answers queries. */
export type Finder = SearchDeps & {
  /** A page of rows, after a bounded time. */
  readonly find: (query: LogQuery) => Promise<Page>;
};

/**
 * One call reads at most this long, without the rests that it may have to take: a person waits without
 * noticing, and others get their turn.
 */
export const MAX_SEARCH_MS = 250;
/** And at most this much, so that a fast disk does not make one call take a core. */
export const MAX_SEARCH_BYTES = 64 * 1024 * 1024;

/** Where a search began by a number or a time: some of the first rows are not before it. */
export function isTooNew({ seq, ts }: Row, before: LogQuery['before']): boolean {
  if (before === null || 'segment' in before) return false;
  return 'seq' in before ? seq !== null && seq >= before.seq : ts >= before.ts;
}

/** Keeps a list of few numbers free of repetition. */
export function addOnce(numbers: number[], number: number): void {
  if (!numbers.includes(number)) numbers.push(number);
}

/** Where to begin to read backwards; null: the end of the log. */
export async function startOf(
  log: LogFolder,
  before: LogQuery['before'],
): Promise<Position | null> {
  return before === null || 'segment' in before ? before : seekBefore(log, before);
}

/** A page before anything was looked at. */
export function emptyPage(notes: readonly string[]): Page {
  return {
    rows: [],
    cursor: null,
    more: false,
    searchedBackTo: null,
    newest: null,
    newer: null,
    notes,
    skipped: { lines: 0, segments: [] },
  };
}
