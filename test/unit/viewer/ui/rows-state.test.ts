import { describe, expect, it } from 'vitest';
import type { Page } from '../../../../src/viewer/store/log-search.ts';
import { type Row, toRow } from '../../../../src/viewer/store/row.ts';
import { MAX_ROWS } from '../../../../src/viewer/ui/list/merge-rows.ts';
import {
  EMPTY_ROWS,
  type RowsAction,
  type RowsState,
  reduceRows,
} from '../../../../src/viewer/ui/list/rows-state.ts';

const rowsOf = (newest: number, count: number) =>
  Array.from({ length: count }, (_, n) => {
    const place = newest - n;
    return toRow({ event: 'allowed', id: `f${place}` }, `1:${place}`) as Row;
  });

function page(newest: number, count: number, change: Partial<Page> = {}): Page {
  return {
    rows: rowsOf(newest, count),
    cursor: null,
    more: false,
    searchedBackTo: newest - count,
    newer: null,
    newest: count > 0 ? `1:${newest}` : null,
    notes: [],
    skipped: { lines: 0, segments: [] },
    ...change,
  };
}

const stateAfter = (...actions: RowsAction[]): RowsState => actions.reduce(reduceRows, EMPTY_ROWS);
const first: RowsAction = {
  type: 'older',
  page: page(10, 3, { cursor: '1:8', more: true }),
  done: true,
};
const newer = (of: Page, hold: boolean): RowsAction => ({ type: 'newer', page: of, hold });
const ats = (rows: readonly Row[]) => rows.map((row) => Number(row.at.slice(2)));

describe('reduceRows()', () => {
  it('reduceRows() joins older pages behind, and adds up what was skipped', () => {
    const state = stateAfter(
      {
        type: 'older',
        page: page(10, 2, { cursor: '1:9', skipped: { lines: 1, segments: [3] } }),
        done: false,
      },
      { type: 'older', page: page(8, 2, { skipped: { lines: 2, segments: [3, 2] } }), done: true },
    );
    expect(ats(state.rows)).toEqual([10, 9, 8, 7]);
    expect(state).toMatchObject({
      newest: '1:10',
      cursor: null,
      skippedLines: 3,
      unreadable: [3, 2],
      loading: false,
      loaded: true,
    });
  });

  it('reduceRows() shows new rows at once, or keeps them while the reader reads', () => {
    expect(ats(stateAfter(first, newer(page(12, 2), false)).rows)).toEqual([12, 11, 10, 9, 8]);
    const held = stateAfter(first, newer(page(12, 2), true), newer(page(13, 1), true));
    expect(ats(held.rows)).toEqual([10, 9, 8]);
    expect(ats(held.pending)).toEqual([13, 12, 11]);
    expect(held.newest).toBe('1:13');
    const released = reduceRows(held, { type: 'release' });
    expect(ats(released.rows)).toEqual([13, 12, 11, 10, 9, 8]);
    expect(released.pending).toEqual([]);
    expect(released.cursor).toBe('1:8');
  });

  it('reduceRows() keeps its place when nothing new came', () => {
    const state = stateAfter(first, newer(page(0, 0), false));
    expect(state).toMatchObject({ newest: '1:10', cursor: '1:8' });
    expect(ats(state.rows)).toEqual([10, 9, 8]);
  });

  it('reduceRows() starts over where so many came that there is a gap', () => {
    const gap = page(500, 200, { cursor: '1:301', more: true });
    const state = stateAfter(first, newer(gap, true), { type: 'release' });
    expect(state.rows).toHaveLength(200);
    expect(state).toMatchObject({ cursor: '1:301', newest: '1:500', gap: null });
  });

  it('reduceRows() holds a bounded number of rows, and can load the others again', () => {
    const many = { type: 'older', page: page(5000, MAX_ROWS), done: true } as const;
    const state = stateAfter(many, newer(page(5003, 3), false));
    expect(state.rows).toHaveLength(MAX_ROWS);
    expect(state.cursor).toBe(state.rows.at(-1)?.at);
    expect(stateAfter(first, newer(page(9000, MAX_ROWS + 5), true)).pending).toHaveLength(MAX_ROWS);
  });

  it('reduceRows() keeps the rows when an answer fails', () => {
    const failed = stateAfter(first, { type: 'failed' });
    expect(failed.loading).toBe(false);
    expect(failed.rows).toHaveLength(3);
    expect(reduceRows(failed, { type: 'reset' })).toEqual(EMPTY_ROWS);
  });
});
