// What is known of one segment without reading its lines: a row of numbers for each record that can be a
// row of the list, in the order of the log. Types and names; where it lies is told elsewhere.

import { QUERY_CLASSES } from '../../shared/query.ts';
import type { RowClass } from '../store/row.ts';

/** Rows that share one signature. */
export const BLOCK_ROWS = 256;

/** Columns whose numbers stand for a value of their dictionary. */
export const CODED = [
  'event',
  'client',
  'agent',
  'host',
  'method',
  'reason',
  'rule',
  'status',
  'port',
  'policy',
] as const;
export type Coded = (typeof CODED)[number];

/** Columns of plain numbers. `flags`: class, and what else is yes or no. `duration_ms`: NaN = none. */
export const NUMERIC = [
  'ts',
  'offset',
  'length',
  'flags',
  'bytes',
  'req_bytes',
  'duration_ms',
] as const;
export type Numeric = (typeof NUMERIC)[number];

/** Lines that are parts of bodies, in the order of the log: the hash of their flow, and their place. */
export const PART_COLUMNS = ['part_id', 'part_offset', 'part_length'] as const;
export type PartColumn = (typeof PART_COLUMNS)[number];
export type ColumnName = Coded | Numeric | PartColumn | 'ends';

export type Value = string | number | null;
/** The code of a value that is too long for a dictionary, or one too many: the line has it. */
export const OTHER = 0;

/** A flow that was opened and has no end in its segment. */
export type Open = { readonly id: string; readonly offset: number; readonly length: number };

export type Summary = {
  /** Bytes of the segment that it knows: lines behind are newer than the index. */
  readonly end: number;
  readonly rows: number;
  /** Of rows; both 0 where there is none. */
  readonly minTs: number;
  readonly maxTs: number;
  /** Of the first line that has one. */
  readonly firstTs: number | null;
  /** Where the last line begins; -1 = there is none. */
  readonly lastLine: number;
  /** Some of it could not be read when the index was made. */
  readonly isDamaged: boolean;
  /** Places of lines that are too long for records. */
  readonly tooLong: readonly number[];
};

export type SegmentIndex = Summary & {
  numbers(name: ColumnName): Promise<ArrayLike<number>>;
  values(name: Coded): Promise<readonly Value[]>;
  /** Oldest first. */
  opens(): Promise<readonly Open[]>;
  /** Of each block, a number that is not 0 where all of these bits are set. */
  blocksWith(bits: readonly number[]): Promise<Uint8Array>;
};

/** A file of an index that is not as it was written, or does not fit its segment. */
export class IndexDamaged extends Error {}

const WOULD_BLOCK = 16;
const TRUNCATED = 32;
/** Flags are below it. */
export const FLAG_VALUES = 64;

/** Class, would-block and truncation in one number. */
export function toFlags(name: RowClass, wouldBlock: boolean, truncated: boolean): number {
  return QUERY_CLASSES.indexOf(name) + (wouldBlock ? WOULD_BLOCK : 0) + (truncated ? TRUNCATED : 0);
}

/** The number back to what it says. */
export function fromFlags(flags: number): {
  name: RowClass;
  wouldBlock: boolean;
  truncated: boolean;
} {
  return {
    name: QUERY_CLASSES[flags & (WOULD_BLOCK - 1)] ?? 'event',
    wouldBlock: (flags & WOULD_BLOCK) !== 0,
    truncated: (flags & TRUNCATED) !== 0,
  };
}

/** 53 bits of a flow's id: that two of a log have the same is not to be expected. */
export function hashId(id: string): number {
  let high = 0xdead_beef;
  let low = 0x41c6_ce57;
  for (let at = 0; at < id.length; at += 1) {
    const code = id.charCodeAt(at);
    high = Math.imul(high ^ code, 2_654_435_761);
    low = Math.imul(low ^ code, 1_597_334_677);
  }
  high =
    Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
  low =
    Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
  return 4_294_967_296 * (2_097_151 & low) + (high >>> 0);
}
