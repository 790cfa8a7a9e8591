// The list's state and how answers of the server change it. Pure: no fetching, no clock.

import type { Page } from '../../store/log-search.ts';
import type { Row } from '../../store/row.ts';
import { appendRows, MAX_ROWS, prependRows } from './merge-rows.ts';

export type RowsState = {
  readonly rows: readonly Row[];
  /** New rows that wait, because the reader is in the middle of something. */
  readonly pending: readonly Row[];
  /** So many came at once that the waiting rows do not join the list: they will replace it. */
  readonly gap: Page | null;
  readonly cursor: string | null;
  readonly newest: string | null;
  readonly searchedBackTo: number | null;
  readonly skippedLines: number;
  readonly unreadable: readonly number[];
  readonly loading: boolean;
  readonly loaded: boolean;
};

export type RowsAction =
  | { readonly type: 'reset' }
  | { readonly type: 'loading' }
  | { readonly type: 'older'; readonly page: Page; readonly done: boolean }
  | { readonly type: 'newer'; readonly page: Page; readonly hold: boolean }
  | { readonly type: 'release' }
  | { readonly type: 'failed' };

export const EMPTY_ROWS: RowsState = {
  rows: [],
  pending: [],
  gap: null,
  cursor: null,
  newest: null,
  searchedBackTo: null,
  skippedLines: 0,
  unreadable: [],
  loading: true,
  loaded: false,
};

export function reduceRows(state: RowsState, action: RowsAction): RowsState {
  switch (action.type) {
    case 'reset':
      return EMPTY_ROWS;
    case 'loading':
      return { ...state, loading: true };
    case 'failed':
      return { ...state, loading: false };
    case 'older':
      return {
        ...state,
        rows: appendRows(state.rows, action.page.rows),
        cursor: action.page.cursor,
        newest: state.newest ?? action.page.newest,
        searchedBackTo: action.page.searchedBackTo ?? state.searchedBackTo,
        skippedLines: state.skippedLines + action.page.skipped.lines,
        unreadable: [...new Set([...state.unreadable, ...action.page.skipped.segments])],
        loading: !action.done,
        loaded: true,
      };
    case 'newer':
      return takeNewer(state, action.page, action.hold);
    case 'release':
      return release(state);
  }
}

function takeNewer(state: RowsState, page: Page, hold: boolean): RowsState {
  const newest = page.newest ?? state.newest;
  const waiting: RowsState = page.more
    ? { ...state, newest, pending: page.rows, gap: page }
    : { ...state, newest, pending: prependRows(page.rows, state.pending) };
  // What waits is bounded too: beyond it the list will start again at the newest rows.
  if (hold) return { ...waiting, pending: waiting.pending.slice(0, MAX_ROWS) };
  return release(waiting);
}

function release(state: RowsState): RowsState {
  const { gap } = state;
  const base =
    gap === null
      ? state
      : { ...state, rows: [], cursor: gap.cursor, searchedBackTo: gap.searchedBackTo };
  const rows = prependRows(state.pending, base.rows);
  const cut = rows.slice(0, MAX_ROWS);
  const cursor = cut.length < rows.length ? (cut.at(-1)?.at ?? null) : base.cursor;
  return { ...base, rows: cut, cursor, pending: [], gap: null };
}
