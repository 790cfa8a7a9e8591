// Counts the rows that answer a query, newest first, for a bounded time: from the columns of an index
// where they are enough, else line by line. What is counted (by time, by value) is the caller's.

import type { Query } from '../../shared/query.ts';
import { BLOCK_ROWS, type SegmentIndex } from '../index/segment-index.ts';
import type { Row } from '../store/row.ts';
import type { Searcher } from './searcher.ts';
import { MAYBE, NO, type Selection, YES } from './select-rows.ts';

/**
 * Rows of an index by their numbers; `end` when all of them were given. `needsLine`: what is counted of
 * this row stands in its line alone, so that it is given as a row.
 */
export type IndexTally = {
  add(rows: Uint32Array): void;
  end(): void | Promise<void>;
  needsLine?(row: number): boolean;
};
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

/** Without rests. Bars and lists are drawn beside the rows, which do not wait for them. */
const MAX_COUNT_MS = 1000;
/** Between two turns of the event loop. */
const TURN_ROWS = 32 * 1024;
const BLOCK_SHIFT = Math.log2(BLOCK_ROWS);

/** Gives each row that answers to the tally, for somebody who may go away meanwhile. */
export async function countRows(
  searcher: Searcher,
  query: Query,
  tally: Tally,
  signal?: AbortSignal,
): Promise<Reach> {
  const segments = await searcher.segments();
  const budget = searcher.budget({ ms: MAX_COUNT_MS, signal });
  const asked = {
    query,
    order: 'newest',
    after: null,
    canWait: true,
    rest: searcher.rest(),
  } as const;
  const run = searcher.run(asked, null, budget);
  let back: number | null = null;
  const narrow = async (index: SegmentIndex, selection: Selection) =>
    countColumns(index, selection, await tally.of(index), run.pass);
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
  pass: () => Promise<void>,
): Promise<Selection> {
  const { verdict, blocks } = selection;
  const sure = new Uint32Array(TURN_ROWS);
  const verdictOf = (row: number) => {
    const known = verdict(row);
    return known === YES && tally.needsLine?.(row) ? MAYBE : known;
  };
  let maybes = 0;
  for (let start = 0; start < index.rows && !selection.isEmpty; start += TURN_ROWS) {
    const end = Math.min(index.rows, start + TURN_ROWS);
    let count = 0;
    for (let row = start; row < end; row += 1) {
      if (blocks !== null && blocks[row >> BLOCK_SHIFT] === 0) continue;
      const known = verdictOf(row);
      if (known === YES) {
        sure[count] = row;
        count += 1;
      } else if (known === MAYBE) maybes += 1;
    }
    tally.add(sure.subarray(0, count));
    if (end < index.rows) await pass();
  }
  await tally.end();
  const left = (row: number) => (verdictOf(row) === MAYBE ? MAYBE : NO);
  return { ...selection, verdict: left, isAll: false, isEmpty: maybes === 0 };
}
