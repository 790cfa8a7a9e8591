// The rows that answer a query, newest first, to the end of the log or of a time: each page is a search of
// its own, so that others get their turn. Holds one page at a time.

import { setImmediate as turn } from 'node:timers/promises';
import { type LogQuery, parseLogQuery } from '../store/log-params.ts';
import type { Finder, Page } from '../store/page.ts';
import { parsePosition } from '../store/position-text.ts';
import type { Row } from '../store/row.ts';

/** Rows of one search that somebody writes down: each is read again. */
const READ_ROWS = 200;
/** Rows that are asked for at once where they are looked at only. */
const WALK_ROWS = '500';
/** One turn takes so long: rows are not alike, some have paths of many kilobytes. */
const TURN_MS = 8;

async function* pagesOf(deps: Finder, query: LogQuery): AsyncGenerator<Page> {
  let { before } = query;
  for (;;) {
    // A cursor goes on towards the beginning of the log.
    const page = await deps.find({ ...query, before, order: 'newest' });
    yield page;
    before = page.cursor === null ? null : parsePosition(page.cursor);
    if (before === null) return;
    await turn();
  }
}

/** Each row that answers; `isOver`: nobody wants more. */
export async function* rowsOf(
  deps: Finder,
  query: LogQuery,
  isOver: () => boolean,
): AsyncGenerator<Row> {
  for await (const page of pagesOf(deps, { ...query, limit: READ_ROWS })) {
    for (const row of page.rows) {
      if (isOver()) return;
      yield row;
    }
    if (isOver()) return;
  }
}

type Walk = {
  /** In the query language; the window is added. */
  readonly q: string;
  /** Seconds since 1970: older rows are not wanted. Null: all are. */
  readonly sinceS: number | null;
  readonly before?: string | undefined;
  /** Milliseconds that all of it may take. */
  readonly budgetMs: number;
  /** False: enough was seen; this row is the last. */
  readonly onRow: (row: Row) => boolean | undefined;
};

type Walked = {
  /** The whole window was read. */
  readonly complete: boolean;
  readonly searchedBackTo: number | null;
  /** Go on from here; null where it is complete. */
  readonly cursor: string | null;
};

/** Gives each row of the window to `onRow`, for a bounded time: who needs more goes on from the cursor. */
export async function walkRows(deps: Finder, walk: Walk): Promise<Walked> {
  const stopAt = deps.now() + walk.budgetMs;
  const { sinceS, before } = walk;
  const q = sinceS === null ? walk.q : `${walk.q} since:${Math.floor(sinceS)}`;
  const query = parseLogQuery({ q, limit: WALK_ROWS, ...(before && { before }) });
  if ('problem' in query) throw new RangeError(`Cannot read rows: ${query.problem}`);
  let searchedBackTo: number | null = null;
  for await (const { rows, cursor, ...page } of pagesOf(deps, query)) {
    let turnEnds = deps.now() + TURN_MS;
    for (const row of rows) {
      const stopped = { complete: false, searchedBackTo: row.ts, cursor: row.at };
      if (walk.onRow(row) === false) return stopped;
      if (deps.now() < turnEnds) continue;
      if (deps.now() >= stopAt) return stopped;
      await turn();
      turnEnds = deps.now() + TURN_MS;
    }
    searchedBackTo = page.searchedBackTo ?? searchedBackTo;
    if (searchedBackTo !== null && searchedBackTo < (sinceS ?? 0)) break;
    if (cursor !== null && deps.now() >= stopAt) return { complete: false, searchedBackTo, cursor };
  }
  return { complete: true, searchedBackTo, cursor: null };
}
