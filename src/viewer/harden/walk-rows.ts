// Reads the rows of a window of the log, newest first, for a bounded time: who needs more goes on from
// the cursor. Between pages others get their turn.

import { setImmediate as turn } from 'node:timers/promises';
import { parseLogQuery } from '../store/log-params.ts';
import type { Finder } from '../store/page.ts';
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

/** Rows that one turn takes: some milliseconds of `decide`. */
const PAGE_ROWS = '500';

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
    for (const row of page.rows) {
      if (walk.onRow(row) === false) {
        return { complete: false, searchedBackTo: row.ts, cursor: row.at };
      }
    }
    searchedBackTo = page.searchedBackTo ?? searchedBackTo;
    const isPast = searchedBackTo !== null && searchedBackTo < (sinceS ?? 0);
    if (page.cursor === null || isPast) return { complete: true, searchedBackTo, cursor: null };
    before = page.cursor;
    if (deps.now() >= stopAt) return { complete: false, searchedBackTo, cursor: before };
    await turn();
  }
}
