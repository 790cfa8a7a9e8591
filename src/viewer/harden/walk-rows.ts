// Reads the rows of a window of the log, newest first, for a bounded time: who needs more goes on from
// the cursor. Between pages others get their turn.

import { setImmediate as turn } from 'node:timers/promises';
import { parseLogQuery } from '../store/log-params.ts';
import type { Finder } from '../store/log-search.ts';
import type { Row } from '../store/row.ts';

export type Walk = {
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

export type Walked = {
  /** The whole window was read. */
  readonly complete: boolean;
  readonly searchedBackTo: number | null;
  /** Go on from here; null where it is complete. */
  readonly cursor: string | null;
};

/** Rows that are asked for at once. */
const PAGE_ROWS = '500';
/** One turn takes so long: rows are not alike, some have paths of many kilobytes. */
const TURN_MS = 8;

/** Gives each row of the window to `onRow`. */
export async function walkRows(deps: Finder, walk: Walk): Promise<Walked> {
  const stopAt = deps.now() + walk.budgetMs;
  const { sinceS } = walk;
  const q = sinceS === null ? walk.q : `${walk.q} since:${Math.floor(sinceS)}`;
  let before = walk.before;
  let searchedBackTo: number | null = null;
  for (;;) {
    const query = parseLogQuery({ q, limit: PAGE_ROWS, ...(before && { before }) });
    if ('problem' in query) throw new RangeError(`Cannot read rows: ${query.problem}`);
    const page = await deps.find(query);
    let turnEnds = deps.now() + TURN_MS;
    for (const row of page.rows) {
      if (walk.onRow(row) === false) {
        return { complete: false, searchedBackTo: row.ts, cursor: row.at };
      }
      if (deps.now() < turnEnds) continue;
      if (deps.now() >= stopAt) return { complete: false, searchedBackTo: row.ts, cursor: row.at };
      await turn();
      turnEnds = deps.now() + TURN_MS;
    }
    searchedBackTo = page.searchedBackTo ?? searchedBackTo;
    const isPast = searchedBackTo !== null && searchedBackTo < (sinceS ?? 0);
    if (page.cursor === null || isPast) return { complete: true, searchedBackTo, cursor: null };
    before = page.cursor;
    if (deps.now() >= stopAt) return { complete: false, searchedBackTo, cursor: before };
    await turn();
  }
}
