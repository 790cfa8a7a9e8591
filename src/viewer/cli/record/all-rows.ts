// All rows of the record that answer a query, newest first, as they are found: one search over all
// segments, which holds one step of it at a time.

import type { Searcher } from '../../search/searcher.ts';
import type { LogQuery } from '../../store/log-params.ts';
import type { Row } from '../../store/row.ts';

/** What could not be looked at, filled while the rows are read. */
export type Skipped = {
  lines: number;
  readonly segments: Set<number>;
  /** Ctrl-C ended it. */
  isInterrupted?: boolean;
};

export async function* allRows(
  searcher: Searcher,
  query: LogQuery,
  signal: AbortSignal,
  skipped: Skipped = { lines: 0, segments: new Set() },
): AsyncGenerator<Row> {
  const segments = await searcher.segments();
  const run = searcher.run({ ...query, canWait: false }, null, {
    spend() {},
    extend() {},
    isOver: () => signal.aborted,
  });
  for (const segment of segments.toReversed()) {
    for await (const { rows, tooLong, isUnreadable } of searcher.steps(run, segment)) {
      skipped.lines += tooLong;
      if (isUnreadable) skipped.segments.add(segment);
      for (const row of rows) {
        skipped.isInterrupted = signal.aborted;
        if (signal.aborted) return;
        yield row;
      }
      skipped.isInterrupted = signal.aborted;
      if (signal.aborted) return;
    }
  }
}
