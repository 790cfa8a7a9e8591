// What one look at one segment gives, small enough to go from thread to thread, whatever the
// segment's size. Types only: segment-check.ts makes it, judge.ts joins all of them.

import type { ChainDamage, ChainPoint } from '../../shared/chain-walk.ts';

/** What an outcome is called; `verified` where there is no problem. */
export type Outcome = 'torn' | 'damaged' | 'missing' | 'truncated' | 're_signed';

/** Something that is wrong at a place in the segment. */
export type Finding = {
  readonly outcome: Outcome;
  readonly seq: number;
  /** In bytes of the segment as it was before it was compressed. */
  readonly offset: number;
  /** In words of this program: nothing of the log stands in it but numbers and hex digits. */
  readonly what: string;
};

export type Problem = Finding & {
  readonly file: string;
  /** leash has named this file in the log itself. */
  readonly isReported?: boolean;
};

/** A value of the checkpoints, from the record on where it is another one than before. */
export type Change<T> = { readonly value: T; readonly seq: number; readonly offset: number };

/** What a `segment_deleted` record says of a segment that is not there. */
export type Deleted = {
  readonly number: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly lastHash: string;
};

export type SegmentReport = {
  readonly number: number;
  /** What the first record says it continues; null: it has none, or one that is no record. */
  readonly first: ChainPoint | null;
  readonly last: ChainPoint;
  readonly records: number;
  /** Byte behind the last whole line, its first byte, and what stands behind it. */
  readonly end: number;
  readonly lastStart: number;
  readonly tornBytes: number;
  /** It grew while it was read. */
  readonly isGrowing: boolean;
  /** Its first record is the `segment` record. */
  readonly hasHeader: boolean;
  /** By the chain alone. */
  readonly damage: ChainDamage | null;
  /** Not readable from `end` on: why. */
  readonly unreadable: string | null;
  /** The first one of each kind, before the damage. */
  readonly findings: readonly Finding[];
  /** The first record that has a kept line's number and is not that line. */
  readonly mismatch: { readonly seq: number; readonly offset: number } | null;
  readonly checkpoints: number;
  /** Number of the last record that a signature covers; 0: none. */
  readonly signedSeq: number;
  /** The last record is a checkpoint whose signature fits. */
  readonly isLastSigned: boolean;
  readonly keys: readonly Change<string>[];
  readonly epochs: { readonly first: Change<number>; readonly last: number } | null;
  readonly deleted: readonly Deleted[];
  /** Segments that leash itself has called damaged, truncated or gone. */
  readonly reported: readonly string[];
  /** Exported checkpoints that stand in it verbatim. */
  readonly found: number;
};
