// How segments hang together: what the first record of each must continue, and which segments are gone
// with a proof. Pure: reports in, answers out.
//
// Invariant: a segment that is not there is missing, unless a record in the log says how it ended.

import { GENESIS } from '../../shared/audit-line.ts';
import type { ChainPoint } from '../../shared/chain-walk.ts';
import type { Deleted, Problem, SegmentReport } from './segment-report.ts';

export type Segment = {
  readonly report: SegmentReport;
  /** Name of the file that was read. */
  readonly file: string;
};

export type Deletions = ReadonlyMap<number, Deleted>;

/** All that the log says about segments that were deleted; the newest word counts. */
export function collectDeletions(segments: readonly Segment[]): Deletions {
  return new Map(
    segments.flatMap(({ report }) => report.deleted.map((deleted) => [deleted.number, deleted])),
  );
}

/** What the segment at `index` must continue; null: nobody can tell, because what was before is broken. */
export function startOf(
  segments: readonly Segment[],
  index: number,
  deletions: Deletions,
): ChainPoint | null {
  for (let at = index; ; at -= 1) {
    const number = segments[at]?.report.number ?? 1;
    if (number === 1) return { seq: 0, prev: GENESIS };
    const before = segments[at - 1]?.report;
    if (before?.number !== number - 1) {
      const deleted = deletions.get(number - 1);
      return deleted === undefined ? null : { seq: deleted.lastSeq, prev: deleted.lastHash };
    }
    if (before.damage !== null || before.unreadable !== null || before.tornBytes > 0) return null;
    // Without a record of its own it hands on what it should have continued.
    if (before.records > 0) return before.last;
  }
}

/** Whether the segment's own report was made without what it must continue, and depends on it. */
export function needsSecondLook({ damage, first, records }: SegmentReport, start: ChainPoint) {
  const continues = first?.seq === start.seq && first.prev === start.prev;
  return damage !== null || (records > 0 && !continues);
}

/** The first segment that is not there before the one at `index`, and has no proof; null: none. */
export function missingBefore(
  segments: readonly Segment[],
  index: number,
  deletions: Deletions,
  nameOf: (number: number) => string,
): Problem | null {
  const number = segments[index]?.report.number ?? 0;
  const before = segments[index - 1]?.report;
  const problem = (missing: number, lastSeq: number): Problem => ({
    outcome: 'missing',
    seq: lastSeq + 1,
    file: nameOf(missing),
    offset: 0,
    what: 'the file is not there, and no record says that leash deleted what was in it',
  });
  if (before !== undefined) {
    // In the middle each one needs its own proof.
    let lastSeq = before.last.seq;
    for (let missing = before.number + 1; missing < number; missing += 1) {
      const deleted = deletions.get(missing);
      if (deleted === undefined || deleted.firstSeq > lastSeq + 1) return problem(missing, lastSeq);
      lastSeq = deleted.lastSeq;
    }
    return null;
  }
  // At the start the last one's is enough: it holds the hash that all before it lead to, and the
  // records about those may be in segments that are deleted, too.
  if (number <= 1 || deletions.has(number - 1)) return null;
  const proven = [...deletions.values()].filter((deleted) => deleted.number < number);
  const last = proven.sort((a, b) => b.number - a.number)[0];
  return last === undefined ? problem(1, 0) : problem(last.number + 1, last.lastSeq);
}
