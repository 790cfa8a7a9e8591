// The list's state and how answers of the server change it. Pure: no fetching, no clock. The rows are
// a window over the log: what it lets go at the one end can be fetched again by its place.

import { PAGE_ROWS } from '../../../shared/first-page.ts';
import type { Page } from '../../store/page.ts';
import type { Row } from '../../store/row.ts';
import type { RowsEvent } from '../../stream/news-queue.ts';
import { appendRows, dropEnded, endedIds, isAfter, MAX_ROWS, prependRows } from './merge-rows.ts';

/** Rows that wait for a reader; beyond it the list starts again at the newest. */
export const MAX_PENDING = 500;
/** Rows of a stretch that is fetched again in one go. */
export const CHUNK_ROWS = PAGE_ROWS;
/** As many as a server's queue holds. */
const MAX_ENDED = 1000;
const GAP = { gap: true, gapSince: true };
/** A million rows upwards; from there on the way is Home. */
const MAX_CHUNKS = 5000;

/** A stretch of rows above the window: `before` gives it; null: it began with the newest row. */
type Chunk = { readonly before: string | null; readonly rows: number };

export type RowsState = {
  readonly rows: readonly Row[];
  /** What the window let go at its top, the nearest last. */
  readonly above: readonly Chunk[];
  /** With `before`, gives what follows the row above the window; null: nothing is above it. */
  readonly topBound: string | null;
  /** New rows that wait, because the reader is in the middle of something. */
  readonly pending: readonly Row[];
  /** More came than can wait: the list has to start again. */
  readonly gap: boolean;
  /** The same since what is under way was asked for, which therefore does not close the gap. */
  readonly gapSince: boolean;
  /** Flows that ended since then: what was read before may not know it. */
  readonly endedSince: readonly string[];
  readonly cursor: string | null;
  readonly newest: string | null;
  readonly searchedBackTo: number | null;
  readonly skippedLines: number;
  readonly unreadable: readonly number[];
  readonly loading: boolean;
  readonly loaded: boolean;
};

export type RowsAction =
  /** Another query: what stands there stays until its first page comes, and no longer. */
  | { readonly type: 'reset' }
  | { readonly type: 'loading' }
  /** `first`: in the place of all that is there. `from`: the place that the page goes on from. */
  | {
      readonly type: 'older';
      readonly page: Page;
      readonly done: boolean;
      readonly first?: boolean;
      readonly from: string | null;
    }
  | { readonly type: 'above'; readonly rows: readonly Row[] }
  | { readonly type: 'newer'; readonly news: RowsEvent; readonly hold: boolean }
  | { readonly type: 'gap'; readonly newest: string }
  | { readonly type: 'release' }
  | { readonly type: 'failed' };

export const EMPTY_ROWS: RowsState = {
  rows: [],
  above: [],
  topBound: null,
  pending: [],
  gap: false,
  gapSince: false,
  endedSince: [],
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
      return { ...EMPTY_ROWS, rows: state.rows };
    case 'loading':
      return { ...state, loading: true, gapSince: false, endedSince: [] };
    case 'failed':
      return { ...(hasOwnRows(state) ? state : EMPTY_ROWS), loading: false };
    case 'older':
      return action.first ? takeFirst(state, action.page, action.done) : goOn(state, action);
    case 'above':
      return takeAbove(state, action.rows);
    case 'newer':
      return takeNewer(state, action.news, action.hold);
    case 'gap':
      return { ...state, newest: action.newest || state.newest, pending: [], ...GAP };
    case 'release':
      return release(state);
  }
}

/** Rows above the window, as far as they are known. */
export function rowsAbove({ above }: RowsState): number {
  return above.reduce((sum, { rows }) => sum + rows, 0);
}

/** Whether the window's first row is the newest of the query, so that new ones can join it. */
export function isLive({ above, gap }: RowsState): boolean {
  return above.length === 0 && !gap;
}

/** The list starts again; what came while the page was fetched is newer than it. */
function takeFirst(state: RowsState, page: Page, done: boolean): RowsState {
  const rows = [...withoutEnded(state, page.rows)];
  const next = takeOlder(EMPTY_ROWS, { ...page, rows }, done);
  const later = state.pending.filter(({ at }) => isAfter(at, page.newest));
  const newest = isAfter(state.newest ?? '', page.newest) ? state.newest : page.newest;
  const gap = state.gapSince || later.length >= MAX_PENDING;
  return { ...next, rows: prependRows(later, next.rows), newest, gap };
}

/** A page that begins where the list ended before it was cut would leave a hole. */
function goOn(state: RowsState, { page, done, from }: RowsAction & { type: 'older' }): RowsState {
  if (state.loaded && from !== state.cursor) return { ...state, loading: !done };
  return takeOlder(state, page, done);
}

function takeOlder(state: RowsState, page: Page, done: boolean): RowsState {
  const next = {
    ...state,
    rows: appendRows(state.rows, withoutEnded(state, page.rows)),
    cursor: page.cursor,
    newest: state.newest ?? page.newest,
    searchedBackTo: page.searchedBackTo ?? state.searchedBackTo,
    skippedLines: state.skippedLines + page.skipped.lines,
    unreadable: [...new Set([...state.unreadable, ...page.skipped.segments])],
    loading: !done,
    loaded: true,
  };
  return letGoAtTop(next, next.rows.length - MAX_ROWS);
}

function letGoAtTop(state: RowsState, count: number): RowsState {
  if (count <= 0) return state;
  const topBound = state.rows[count - 1]?.at ?? null;
  // What waits is above the newest row: its oldest place is where that stretch begins.
  // Over a gap there is no way row by row.
  const oldest = state.gap ? null : (state.pending.at(-1)?.at ?? null);
  const before = state.above.length === 0 ? oldest : state.topBound;
  const last = state.above.at(-1);
  const isSmall = last !== undefined && last.rows + count <= CHUNK_ROWS;
  const above = isSmall
    ? [...state.above.slice(0, -1), { ...last, rows: last.rows + count }]
    : [...state.above, { before, rows: count }].slice(-MAX_CHUNKS);
  // Whose way back begins somewhere below the newest cannot get there row by row.
  const gap = state.gap || (!isSmall && state.above.length >= MAX_CHUNKS);
  return { ...state, rows: state.rows.slice(count), above, topBound, gap };
}

function takeAbove(state: RowsState, newer: readonly Row[]): RowsState {
  const chunk = state.above.at(-1);
  if (chunk === undefined) return state;
  const above = state.above.slice(0, -1);
  const topBound = above.length === 0 ? null : chunk.before;
  const rows = appendRows(withoutEnded(state, newer), state.rows);
  return cutAtBottom({ ...state, rows, above, topBound, loading: false });
}

function takeNewer(state: RowsState, news: RowsEvent, hold: boolean): RowsState {
  const ended = new Set(news.ended);
  const rows = dropEnded(state.rows, ended);
  const newest = news.newest || state.newest;
  // After a lost connection a stream begins where the page knows that it was: some rows come again.
  const known = new Set([...rows, ...state.pending].map(({ at }) => at));
  const fresh = news.rows.filter(({ at }) => !known.has(at));
  const pending = dropEnded(prependRows(fresh, state.pending), ended);
  const endedSince = [...state.endedSince, ...news.ended].slice(-MAX_ENDED);
  if (state.gap) {
    return { ...state, rows, newest, endedSince, pending: pending.slice(0, MAX_PENDING) };
  }
  const above = boundedAbove(state.above, news.rows);
  const next = { ...state, rows, newest, pending, endedSince, above };
  if (!hold && state.above.length === 0) return release(next);
  return pending.length > MAX_PENDING ? { ...next, pending: [], ...GAP } : next;
}

/** What is fetched was read a moment ago: what has ended since, as is known here, runs no more. */
function withoutEnded(state: RowsState, fetched: readonly Row[]): readonly Row[] {
  const { rows, pending, endedSince } = state;
  return dropEnded(fetched, new Set([...endedIds([...pending, ...rows]), ...endedSince]));
}

/** Not those of the query before, nor nothing. */
function hasOwnRows({ loaded, gap, newest }: RowsState): boolean {
  return loaded || gap || newest !== null;
}

/** A stretch that began with the newest row begins below the first one that comes after it. */
function boundedAbove(above: readonly Chunk[], news: readonly Row[]): readonly Chunk[] {
  const [first, ...others] = above;
  const oldest = news.at(-1);
  if (first === undefined || first.before !== null || oldest === undefined) return above;
  return [{ ...first, before: oldest.at }, ...others];
}

function release(state: RowsState): RowsState {
  if (!isLive(state)) return state;
  if (state.pending.length === 0) return state;
  return cutAtBottom({ ...state, rows: prependRows(state.pending, state.rows), pending: [] });
}

function cutAtBottom(state: RowsState): RowsState {
  if (state.rows.length <= MAX_ROWS) return state;
  const rows = state.rows.slice(0, MAX_ROWS);
  return { ...state, rows, cursor: rows.at(-1)?.at ?? null };
}
