// What every way of looking through a segment gives: rows that answer, in steps, and how far it is.
// Types only: who asks does not know whether an index or the lines themselves were looked at.

import type { LogFolder } from '../store/log-folder.ts';
import type { Row } from '../store/row.ts';
import type { Position } from '../store/segment-reader.ts';
import type { HitTest } from './hit-test.ts';
import type { RowSelector } from './select-rows.ts';

/** One search: what is looked for, and between which places. */
export type Run = {
  readonly log: LogFolder;
  readonly test: HitTest;
  readonly selector: RowSelector;
  readonly order: 'newest' | 'oldest';
  /** It meets every line from the end of the log on, so it knows which flows have ended. */
  readonly isFromEnd: boolean;
  /** Only what is older than this place; null: from the end of the log. */
  readonly before: Position | null;
  /** Only what is newer than this place. */
  readonly after: Position | null;
  /** Asked behind each row that took a read of its own. */
  isOver(): boolean;
  /** Waited for between two steps. */
  pass(): Promise<void>;
};

export type Step = {
  /** In the order of the search. */
  readonly rows: readonly Row[];
  /** Whoever goes on from here gets what follows: `before` or `after`, by the order. */
  readonly reached: Position;
  /** Time of the last record looked at; null = none had one. */
  readonly ts: number | null;
  /** Bytes that were read for it. */
  readonly bytes: number;
  /** Newest line that was looked at; null = none. */
  readonly newest: Position | null;
  /** Lines that are too long for records. */
  readonly tooLong: number;
  /** Something could not be read. */
  readonly isUnreadable: boolean;
};
