// Counts the rows that answer a query, newest first, for a bounded time: from the columns of an index
// where they are enough, else line by line. What is counted (by time, by value) is the caller's.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Query } from '../../shared/query.ts';
import type { SegmentIndex } from '../index/segment-index.ts';
import type { Row } from '../store/row.ts';
import { backwards } from './index-rows.ts';
import type { Searcher } from './searcher.ts';
import { MAYBE, NO, type Selection, YES } from './select-rows.ts';

/** Rows of an index by their number; `end` when all of them were given. */
export type IndexTally = { add(row: number): void; end(): void };
export type Tally = {
  add(row: Row): void;
  of(index: SegmentIndex): Promise<IndexTally>;
};

export type Reach = {
  /** False: the time was over before the beginning of the range was reached. */
  readonly complete: boolean;
  /** Time of the oldest record looked at, seconds since 1970; null = none. */
  readonly searched_back_to: number | null;
};

/** Between two turns of the event loop. */
const TURN_ROWS = 32 * 1024;

/** Gives each row that answers to the tally. */
export async function countRows(searcher: Searcher, query: Query, tally: Tally): Promise<Reach> {
  const segments = await searcher.segments();
  const budget = searcher.budget();
  const run = searcher.run({ query, order: 'newest', after: null }, null, budget);
  let back: number | null = null;
  const narrow = async (index: SegmentIndex, selection: Selection) =>
    countColumns(index, selection, await tally.of(index));
  for (const segment of segments.toReversed()) {
    for await (const step of searcher.steps(run, segment, narrow)) {
      for (const row of step.rows) tally.add(row);
      back = step.ts ?? back;
      budget.spend(step.bytes);
      if (budget.isOver()) return { complete: false, searched_back_to: back };
    }
  }
  return { complete: true, searched_back_to: back };
}

/** Counts what the index is sure of; what is left are the rows of which their lines decide. */
async function countColumns(
  index: SegmentIndex,
  selection: Selection,
  tally: IndexTally,
): Promise<Selection> {
  let maybes = 0;
  let turn = 0;
  for (const row of backwards(0, index.rows - 1, selection)) {
    if (selection.verdict(row) === YES) tally.add(row);
    else maybes += 1;
    turn += 1;
    if (turn % TURN_ROWS === 0) await nextTurn();
  }
  tally.end();
  const verdict = (row: number) => (selection.verdict(row) === MAYBE ? MAYBE : NO);
  return { ...selection, verdict, isAll: false, isEmpty: maybes === 0 };
}
