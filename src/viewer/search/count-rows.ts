// Counts the rows that answer a query, newest first, for a bounded time. What is counted (by time, by
// value) is the caller's; how far it came is said.

import type { Query } from '../../shared/query.ts';
import type { Row } from '../store/row.ts';
import type { Searcher } from './searcher.ts';

export type Tally = { add(row: Row): void };

export type Reach = {
  /** False: the time was over before the beginning of the range was reached. */
  readonly complete: boolean;
  /** Time of the oldest record looked at, seconds since 1970; null = none. */
  readonly searched_back_to: number | null;
};

/** Gives each row that answers to the tally. */
export async function countRows(searcher: Searcher, query: Query, tally: Tally): Promise<Reach> {
  const budget = searcher.budget();
  const run = searcher.run({ query, order: 'newest', after: null }, null, budget);
  let back: number | null = null;
  for (const segment of (await searcher.segments()).reverse()) {
    for await (const step of searcher.steps(run, segment)) {
      for (const row of step.rows) tally.add(row);
      back = step.ts ?? back;
      budget.spend(step.bytes);
      if (budget.isOver()) return { complete: false, searched_back_to: back };
    }
  }
  return { complete: true, searched_back_to: back };
}
