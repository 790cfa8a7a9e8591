import { describe, expect, it } from 'vitest';
import type { Page } from '../../../../src/viewer/store/page.ts';
import { type Row, toRow } from '../../../../src/viewer/store/row.ts';
import { MAX_ROWS } from '../../../../src/viewer/ui/list/merge-rows.ts';
import {
  CHUNK_ROWS,
  EMPTY_ROWS,
  isLive,
  MAX_PENDING,
  type RowsAction,
  type RowsState,
  reduceRows,
  rowsAbove,
} from '../../../../src/viewer/ui/list/rows-state.ts';

const rowsOf = (newest: number, count: number, event = 'allowed') =>
  Array.from({ length: count }, (_, n) => {
    const place = newest - n;
    return toRow({ event, id: `f${place}` }, `1:${place}`) as Row;
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
const older = (newest: number, count: number): RowsAction => ({
  type: 'older',
  page: page(newest, count, { cursor: `1:${newest - count + 1}`, more: true }),
  done: true,
  from: `1:${newest + 1}`,
});
const newer = (newest: number, count: number, hold: boolean, ended: string[] = []): RowsAction => ({
  type: 'newer',
  news: { rows: rowsOf(newest, count), ended, newest: count > 0 ? `1:${newest}` : '' },
  hold,
});
const firstPage = (given: Page): RowsAction => ({
  ...{ type: 'older', page: given, done: true, first: true, from: null },
});
const LOADING: RowsAction = { type: 'loading' };
const first = older(10, 3);
const ats = (rows: readonly Row[]) => rows.map((row) => Number(row.at.slice(2)));

/** Goes down from 10000 by pages of 200, so often. */
const down = (pages: number, from = EMPTY_ROWS) =>
  Array.from({ length: pages }, (_, n) => older(10_000 - n * 200, 200)).reduce(reduceRows, from);

/** What the server gives for the stretch above the window. */
const above = (state: RowsState): RowsAction => {
  const before = Number(state.above.at(-1)?.before?.slice(2) ?? 10_001);
  const end = Number(state.rows[0]?.at.slice(2));
  return { type: 'above', rows: rowsOf(before - 1, before - 1 - end) };
};

describe('reduceRows()', () => {
  it('reduceRows() joins older pages behind, and adds up what was skipped', () => {
    const state = stateAfter(
      {
        type: 'older',
        page: page(10, 2, { cursor: '1:9', skipped: { lines: 1, segments: [3] } }),
        done: false,
        from: null,
      },
      {
        type: 'older',
        page: page(8, 2, { skipped: { lines: 2, segments: [3, 2] } }),
        done: true,
        from: '1:9',
      },
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
    expect(ats(stateAfter(first, newer(12, 2, false)).rows)).toEqual([12, 11, 10, 9, 8]);
    const held = stateAfter(first, newer(12, 2, true), newer(13, 1, true));
    expect(ats(held.rows)).toEqual([10, 9, 8]);
    expect(ats(held.pending)).toEqual([13, 12, 11]);
    expect(held.newest).toBe('1:13');
    const released = reduceRows(held, { type: 'release' });
    expect(ats(released.rows)).toEqual([13, 12, 11, 10, 9, 8]);
    expect(released.pending).toEqual([]);
    expect(released.cursor).toBe('1:8');
  });

  it('reduceRows() keeps its place when nothing new came', () => {
    const state = stateAfter(first, newer(0, 0, false));
    expect(state).toMatchObject({ newest: '1:10', cursor: '1:8' });
    expect(ats(state.rows)).toEqual([10, 9, 8]);
  });

  it('reduceRows() lets a running row go when its flow ended, also where its end is no hit', () => {
    const running: RowsAction = {
      type: 'newer',
      news: { rows: rowsOf(11, 1, 'intent'), ended: [], newest: '1:11' },
      hold: false,
    };
    const state = stateAfter(first, running);
    expect(state.rows[0]?.class).toBe('running');
    expect(ats(reduceRows(state, newer(0, 0, true, ['f11'])).rows)).toEqual([10, 9, 8]);
  });

  it('reduceRows() shows no running row whose end, no hit, came with it', () => {
    const news = { rows: rowsOf(11, 1, 'intent'), ended: ['f11'], newest: '1:11' };
    const state = stateAfter(first, { type: 'newer', news, hold: false });
    expect(ats(state.rows)).toEqual([10, 9, 8]);
    expect(state.newest).toBe('1:11');
  });

  it('reduceRows() lets no row wait that stands in the list', () => {
    const state = stateAfter(first, newer(11, 3, true));
    expect(ats(state.rows)).toEqual([10, 9, 8]);
    expect(ats(state.pending)).toEqual([11]);
  });

  it('reduceRows() starts over where so many came that there is a gap', () => {
    const gap = stateAfter(first, newer(11, 1, true), { type: 'gap', newest: '1:500' });
    expect(gap).toMatchObject({ pending: [], gap: true, newest: '1:500' });
    expect(isLive(gap)).toBe(false);
    expect(reduceRows(gap, { type: 'release' })).toEqual(gap);
    const later = reduceRows(gap, newer(700, 2, false));
    expect(ats(later.rows)).toEqual([10, 9, 8]);
    const again = [LOADING, firstPage(page(699, 3))].reduce(reduceRows, later);
    expect(ats(again.rows)).toEqual([700, 699, 698, 697]);
    expect(again).toMatchObject({ gap: false, newest: '1:700', pending: [] });
  });

  it('reduceRows() has no gap any more where the first page has all that waits', () => {
    const held = stateAfter(first, newer(600, MAX_PENDING + 1, true), newer(900, 300, true));
    const full = reduceRows(held, newer(1100, 200, true));
    expect(full).toMatchObject({ gap: true });
    expect(full.pending).toHaveLength(MAX_PENDING);
    const asked = reduceRows(full, LOADING);
    expect(reduceRows(asked, firstPage(page(1100, 200)))).toMatchObject({
      gap: false,
      pending: [],
    });
    expect(reduceRows(asked, firstPage(page(600, 200))).gap).toBe(true);
  });

  it('reduceRows() has a gap still where more came while the first page was under way', () => {
    const gap: RowsAction = { type: 'gap', newest: '1:900' };
    const asked = stateAfter(first, gap, LOADING);
    expect(reduceRows(asked, firstPage(page(700, 200))).gap).toBe(false);
    expect([gap, firstPage(page(700, 200))].reduce(reduceRows, asked).gap).toBe(true);
    const flooded = [newer(600, MAX_PENDING + 1, true), firstPage(page(90, 20))];
    expect(flooded.reduce(reduceRows, stateAfter(first, LOADING)).gap).toBe(true);
  });

  it('reduceRows() shows no running row whose end was told while its page was under way', () => {
    const asked = stateAfter(LOADING, newer(0, 0, true, ['f9']));
    const running = page(10, 0, { rows: rowsOf(10, 3, 'intent') });
    expect(ats(reduceRows(asked, firstPage(running)).rows)).toEqual([10, 8]);
  });

  it('reduceRows() remembers a gap when the first page fails again', () => {
    const lost = stateAfter(LOADING, { type: 'failed' }, { type: 'gap', newest: '1:9' }, LOADING);
    expect(reduceRows(lost, { type: 'failed' })).toMatchObject({ gap: true, loading: false });
  });

  it('reduceRows() leaves out a page that goes on from where the list was cut meanwhile', () => {
    const full = stateAfter(older(5000, MAX_ROWS));
    const late = older(4000, 200);
    expect(ats(reduceRows(full, late).rows).at(-1)).toBe(3801);
    const cut = reduceRows(full, newer(5003, 3, false));
    expect(reduceRows(cut, late)).toEqual({ ...cut, loading: false });
    expect(ats(reduceRows(cut, older(4003, 200)).rows).at(-1)).toBe(3804);
  });

  it('reduceRows() takes no row for running whose end it knows already', () => {
    const end = toRow({ event: 'allowed', id: 'f7' }, '1:11') as Row;
    const ended: RowsAction = {
      type: 'newer',
      news: { rows: [end], ended: [], newest: '1:11' },
      hold: true,
    };
    const late: RowsAction = {
      ...{ type: 'older', done: true, from: '1:8' },
      page: page(7, 0, { rows: rowsOf(7, 2, 'intent') }),
    };
    expect(ats(stateAfter(first, ended, late).rows)).toEqual([10, 9, 8, 6]);
    expect(ats(stateAfter(first, ended, { type: 'release' }, late).rows)).toEqual([
      11, 10, 9, 8, 6,
    ]);
  });

  it('reduceRows() knows no way row by row over a gap', () => {
    const gap = stateAfter(older(10_000, 200), newer(11_000, MAX_PENDING + 1, true));
    const waiting = reduceRows(gap, newer(11_001, 1, true));
    const far = Array.from({ length: 9 }, (_, n) => older(9800 - n * 200, 200));
    expect(far.reduce(reduceRows, waiting).above[0]?.before).toBeNull();
  });

  it('reduceRows() holds a bounded number of rows, and can load the others again', () => {
    const state = reduceRows(stateAfter(older(5000, MAX_ROWS)), newer(5003, 3, false));
    expect(state.rows).toHaveLength(MAX_ROWS);
    expect(state.cursor).toBe(state.rows.at(-1)?.at);
    const flood = stateAfter(first, newer(9000, MAX_PENDING + 1, true));
    expect(flood).toMatchObject({ pending: [], gap: true });
  });

  it('reduceRows() moves its window down a long log and up again, row by row', () => {
    let state = down(50);
    expect(state.rows).toHaveLength(MAX_ROWS);
    expect(ats(state.rows).slice(0, 2)).toEqual([1000, 999]);
    expect(rowsAbove(state)).toBe(9000);
    expect(isLive(state)).toBe(false);
    const seen = ats(state.rows);
    while (state.above.length > 0) {
      const next = reduceRows(state, above(state));
      seen.unshift(...ats(next.rows).filter((at) => at > (seen[0] ?? 0)));
      expect(next.rows.length).toBeLessThanOrEqual(MAX_ROWS);
      state = next;
    }
    expect(seen).toEqual(Array.from({ length: 10_000 }, (_, n) => 10_000 - n));
    expect(isLive(state)).toBe(true);
    expect(state.cursor).toBe(state.rows.at(-1)?.at);
    expect(rowsAbove(state)).toBe(0);
  });

  it('reduceRows() lets new rows wait above a window that has moved, and finds its way to them', () => {
    let state = reduceRows(down(10), newer(10_003, 3, false));
    expect(state.pending).toHaveLength(3);
    expect(state.above[0]?.before).toBe('1:10001');
    while (state.above.length > 0) state = reduceRows(state, above(state));
    expect(ats(state.rows)[0]).toBe(10_000);
    expect(ats(reduceRows(state, { type: 'release' }).rows)[0]).toBe(10_003);
    const waiting = reduceRows(down(4), newer(10_002, 2, true));
    expect(down(6, waiting).above[0]?.before).toBe('1:10001');
  });

  it('reduceRows() remembers few places for many small pages', () => {
    const small = Array.from({ length: 300 }, (_, n) => older(5000 - n * 10, 10));
    const state = small.reduce(reduceRows, EMPTY_ROWS);
    expect(rowsAbove(state)).toBe(2000);
    expect(state.above.length).toBeLessThanOrEqual(2000 / CHUNK_ROWS + 1);
  });

  it('reduceRows() keeps the rows when an answer fails', () => {
    const failed = stateAfter(first, { type: 'failed' });
    expect(failed.loading).toBe(false);
    expect(failed.rows).toHaveLength(3);
  });

  it('reduceRows() keeps the rows of the last query until the first page of the next one', () => {
    const reset = stateAfter(first, { type: 'reset' });
    expect(reset).toEqual({ ...EMPTY_ROWS, rows: stateAfter(first).rows });
    const other = page(900, 2);
    const next = firstPage(other);
    expect(reduceRows(reset, next)).toEqual(stateAfter(next));
    expect(reduceRows(reset, { type: 'failed' })).toEqual({ ...EMPTY_ROWS, loading: false });
  });
});
