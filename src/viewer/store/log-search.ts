// Answers one query by reading the log backwards, for a bounded time: a request that needs longer
// gets what was found, and a cursor to go on from. A search index will be asked here first.

import type { LogFolder } from './log-folder.ts';
import type { LogQuery } from './log-params.ts';
import { formatPosition, isNewer } from './position-text.ts';
import type { Row } from './row.ts';
import { RowFilter } from './row-filter.ts';
import { type Position, readLinesBackward, seekBefore } from './segment-reader.ts';

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

/** One call reads at most this long: a person waits without noticing, and others get their turn. */
export const MAX_SEARCH_MS = 250;
/** And at most this much, so that a fast disk does not make one call take a core. */
export const MAX_SEARCH_BYTES = 64 * 1024 * 1024;

export async function searchLog(deps: SearchDeps, query: LogQuery): Promise<Page> {
  const filter = new RowFilter(query.query, {
    fromEnd: query.before === null,
    nowS: deps.nowMs() / 1000,
  });
  const page = emptyPage(query.query.notes);
  const stopAt = deps.now() + MAX_SEARCH_MS;
  let bytes = 0;
  const from = await startOf(deps.log, query.before);
  for await (const batch of readLinesBackward(deps.log, from ?? undefined)) {
    if (batch.unreadable !== undefined) addOnce(page.skipped.segments, batch.unreadable);
    for (const line of batch.lines) {
      const place = { segment: line.segment, offset: line.start };
      if (query.after !== null && !isNewer(place, query.after)) return finish(page, filter, null);
      const at = formatPosition(place);
      page.newest ??= at;
      bytes += line.end - line.start;
      if (line.bytes === null) page.skipped.lines += 1;
      else addRow(page, filter.take(line.bytes, at), query.before);
      if (page.rows.length >= query.limit) return finish(page, filter, at);
    }
    // Also behind what gave no line: a page goes on past damage, however far that reaches.
    page.cursor = formatPosition(batch.next);
    if (bytes >= MAX_SEARCH_BYTES || deps.now() >= stopAt) return finish(page, filter, page.cursor);
  }
  return finish(page, filter, null);
}

function addRow(page: Page, row: Row | null, before: LogQuery['before']): void {
  if (row === null) return;
  if (isTooNew(row, before)) return;
  page.rows.push(row);
}

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

function finish(page: Page, filter: RowFilter, cursor: string | null): Page {
  return { ...page, cursor, more: cursor !== null, searchedBackTo: filter.lastTs };
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
