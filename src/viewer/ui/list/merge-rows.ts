// How pages of rows become one list. Pure: no fetching, no clock.

import type { Row } from '../../store/row.ts';

/** Rows the page holds: more is a search's work, and the browser stays quick. */
export const MAX_ROWS = 2000;

/** New rows in front of old ones; a running row goes when the end of its flow comes. */
export function prependRows(newer: readonly Row[], older: readonly Row[]): Row[] {
  const ended = endedIds(newer);
  const known = new Set(newer.map((row) => row.at));
  const kept = older.filter(
    (row) => !known.has(row.at) && !(row.class === 'running' && ended.has(row.id)),
  );
  return [...newer, ...kept];
}

/** Older rows behind those that are there. */
export function appendRows(rows: readonly Row[], older: readonly Row[]): Row[] {
  const known = new Set(rows.map((row) => row.at));
  return [...rows, ...older.filter((row) => !known.has(row.at))];
}

function endedIds(rows: readonly Row[]): Set<string> {
  return new Set(
    rows.filter((row) => row.class !== 'running' && row.event !== 'websocket').map((row) => row.id),
  );
}
