// Which of the flows that were opened in a segment, and have no end in it, have none in the rest of the
// log either.

import { hashId, type Open, type SegmentIndex } from '../index/segment-index.ts';
import { lowerBound } from './lower-bound.ts';
import type { Run } from './steps.ts';

type Indexes = {
  newerThan(segment: number): readonly number[];
  get(segment: number): SegmentIndex | null;
  isPartial(segment: number): boolean;
};

/** Oldest first. Empty where it is not known: a newer segment was neither indexed nor read. */
export async function runningFlows(
  run: Run,
  indexes: Indexes,
  segment: number,
  index: SegmentIndex,
): Promise<readonly Open[]> {
  let running = await index.opens();
  if (!run.isFromEnd && indexes.isPartial(segment)) return [];
  // The next one first: it ends nearly all of them.
  for (const newer of indexes.newerThan(segment)) {
    if (running.length === 0) return running;
    const other = indexes.get(newer);
    if (other === null) {
      if (!run.isFromEnd) return [];
      continue;
    }
    if (!run.isFromEnd && indexes.isPartial(newer)) return [];
    const ends = await other.numbers('ends');
    running = running.filter(({ id }) => !includes(ends, hashId(id)));
  }
  // What was read, and not looked up.
  return running.filter(({ id }) => !run.test.hasEnded(id));
}

/** Lets the scan of older segments, which have no index, know what has ended in one that has. */
export async function passOver(run: Run, index: SegmentIndex): Promise<void> {
  const ends = await index.numbers('ends');
  if (ends.length > 0) run.test.skip((id) => includes(ends, hashId(id)));
}

function includes(sorted: ArrayLike<number>, wanted: number): boolean {
  return sorted[lowerBound(sorted, wanted)] === wanted;
}
