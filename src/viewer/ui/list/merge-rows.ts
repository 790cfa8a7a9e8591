// How pages of rows become one list. Pure: no fetching, no clock.

import type { Row } from '../../store/row.ts';

/** Rows the list holds: a window that moves over the log, whatever its length. */
export const MAX_ROWS = 1000;

/**
 * New rows in front of old ones; a running row goes when the end of its flow comes, also where both came
 * at once.
 */
export function prependRows(newer: readonly Row[], older: readonly Row[]): readonly Row[] {
  const known = new Set(newer.map((row) => row.at));
  return dropEnded([...newer, ...older.filter((row) => !known.has(row.at))], endedIds(newer));
}

/** Older rows behind those that are there. */
export function appendRows(rows: readonly Row[], older: readonly Row[]): Row[] {
  const known = new Set(rows.map((row) => row.at));
  return [...rows, ...older.filter((row) => !known.has(row.at))];
}

/** Without the running rows of these flows; the same list where none is there. */
export function dropEnded(rows: readonly Row[], ended: ReadonlySet<string>): readonly Row[] {
  const isOver = (row: Row) => row.class === 'running' && ended.has(row.id);
  return ended.size > 0 && rows.some(isOver) ? rows.filter((row) => !isOver(row)) : rows;
}

/** Whether a place in the log is nearer to its end than another one; null: than none. */
export function isAfter(at: string, than: string | null): boolean {
  const [segment = 0, offset = 0] = at.split(':').map(Number);
  const [otherSegment = -1, otherOffset = -1] = (than ?? '-1:-1').split(':').map(Number);
  return segment === otherSegment ? offset > otherOffset : segment > otherSegment;
}

/** Of the flows whose end is among these. */
export function endedIds(rows: readonly Row[]): Set<string> {
  return new Set(
    rows.filter((row) => row.class !== 'running' && row.event !== 'websocket').map((row) => row.id),
  );
}
