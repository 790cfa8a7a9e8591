// Fetches the list: the first page, older and newer ones as the window moves, and what is new.

import { useEffect, useLayoutEffect, useMemo, useReducer, useRef } from 'preact/hooks';
import { pageParams } from '../../../shared/first-page.ts';
import type { Row } from '../../store/row.ts';
import { fetchMeta, fetchPage } from '../kit/api-client.ts';
import { meta, noteFailure, searchProgress, stopSearch } from '../kit/app-state.ts';
import { connection } from '../kit/connection.ts';
import { takeEarly } from './early-page.ts';
import { followLog } from './follow-log.ts';
import { EMPTY_ROWS, isLive, type RowsAction, type RowsState, reduceRows } from './rows-state.ts';

/** Rows that fill a screen: a search goes on by itself until it has them. */
const SCREEN_ROWS = 60;
/** Rounds of a quarter second, or of one beside many requests; then the reader decides. */
const MAX_ROUNDS = 20;
/** Where more comes than can be shown, the newest are fetched so often. */
const GAP_MS = 1000;
/** A place before every record. */
const LOG_START = '0:0';

type RowsOptions = {
  readonly q: string;
  /** The reader is scrolled away, reads a detail or has paused: new rows wait. */
  readonly hold: boolean;
};

export type Rows = {
  readonly state: RowsState;
  readonly loadOlder: () => void;
  /** What the window let go at its top. */
  readonly loadAbove: () => void;
  /** To the newest, with all that waits. */
  readonly goNewest: () => void;
};

export function useRows(options: RowsOptions): Rows {
  const { q, hold } = options;
  const [state, dispatch] = useReducer(reduceRows, EMPTY_ROWS);
  const latest = useRef({ state, hold });
  latest.current = { state, hold };
  const abort = useRef<AbortController | null>(null);
  const busy = useRef(false);

  const actions = useMemo(() => {
    /**
     * One at a time; what is asked meanwhile is not needed. What it ends with is taken when it is over, so
     * that whoever stands at an edge can ask for the next at once.
     */
    const run = async (work: (signal: AbortSignal) => Promise<RowsAction>) => {
      const signal = abort.current?.signal;
      if (busy.current || signal === undefined) return;
      busy.current = true;
      dispatch({ type: 'loading' });
      const last = await work(signal).catch((error: unknown): RowsAction => {
        if (!signal.aborted) {
          searchProgress.value = null;
          stopSearch.value = null;
          noteFailure(error);
        }
        return { type: 'failed' };
      });
      if (abort.current?.signal !== signal) return;
      busy.current = false;
      dispatch(last);
    };
    const load = async (from: string | null, signal: AbortSignal): Promise<RowsAction> => {
      let cursor = from;
      let found = 0;
      let stopped = false;
      stopSearch.value = () => {
        stopped = true;
      };
      searchProgress.value = { running: true, searchedBackTo: null };
      for (let round = 1; ; round++) {
        const before = cursor === null ? {} : { before: cursor };
        const early = from === null ? takeEarly(q) : null;
        const at = cursor;
        const page = await (early ?? fetchPage({ ...pageParams(q), ...before }, signal));
        // What was asked for early knows of no other query.
        signal.throwIfAborted();
        found += page.rows.length;
        cursor = page.cursor;
        const done = stopped || cursor === null || found >= SCREEN_ROWS || round >= MAX_ROUNDS;
        const first = from === null && round === 1;
        const action = { type: 'older', page, done, first, from: at } as const;
        searchProgress.value = { running: !done, searchedBackTo: page.searchedBackTo };
        if (done) {
          stopSearch.value = null;
          return action;
        }
        dispatch(action);
      }
    };
    const loadFirst = () => run((signal) => load(null, signal));
    return {
      loadFirst,
      loadOlder: () => {
        const { cursor } = latest.current.state;
        if (cursor !== null) run((signal) => load(cursor, signal));
      },
      loadAbove: () => {
        const { above, rows, gap } = latest.current.state;
        const [chunk, first] = [above.at(-1), rows[0]];
        if (chunk === undefined || first === undefined) return;
        // Where it ended is not known any more: that is where the newest are by now.
        if (chunk.before === null && gap) {
          loadFirst();
          return;
        }
        run(async (signal) => ({
          type: 'above',
          rows: await fetchBetween(chunk.before, first.at, q, signal),
        }));
      },
      goNewest: () => {
        if (isLive(latest.current.state)) dispatch({ type: 'release' });
        else loadFirst();
      },
    };
  }, [q]);

  // Before the first picture: what was asked for early may be in it.
  useLayoutEffect(() => {
    const controller = new AbortController();
    abort.current = controller;
    busy.current = false;
    const { signal } = controller;
    let unfollow = () => {};
    dispatch({ type: 'reset' });
    const follow = () => {
      unfollow = followLog({
        q,
        // Without a first page, all is new.
        after: () => latest.current.state.newest ?? LOG_START,
        poll: (after, aborted) => fetchPage({ ...pageParams(q), after }, aborted),
        onRows: (news) => {
          connection.value = '';
          dispatch({ type: 'newer', news, hold: latest.current.hold });
        },
        onGap: (newest) => dispatch({ type: 'gap', newest }),
        onMeta: () => {
          fetchMeta(signal).then(
            (next) => (meta.value = next),
            () => {},
          );
        },
        onError: noteFailure,
      });
    };
    // The first page says from where on. Its mark is for whoever measures how long it took.
    actions.loadFirst().then(() => {
      if (signal.aborted) return;
      performance.mark('leash-rows');
      follow();
    });
    return () => {
      controller.abort();
      unfollow();
    };
  }, [q]);

  useEffect(() => {
    if (!hold && isLive(latest.current.state)) actions.goNewest();
  }, [hold]);
  // Also where the gap came while the reader held the list, and where it could not be closed at once.
  const mayClose = !hold && state.gap && state.above.length === 0 && !state.loading;
  useEffect(() => {
    if (!mayClose) return;
    const timer = window.setTimeout(actions.loadFirst, GAP_MS);
    return () => window.clearTimeout(timer);
  }, [mayClose, actions]);
  const { loadOlder, loadAbove, goNewest } = actions;
  return { state, loadOlder, loadAbove, goNewest };
}

/** All rows between two places, newest first: as many as the window once let go. */
async function fetchBetween(
  before: string | null,
  after: string,
  q: string,
  signal: AbortSignal,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (let cursor = before; ; ) {
    const from = cursor === null ? {} : { before: cursor };
    const page = await fetchPage({ ...pageParams(q), ...from, after }, signal);
    rows.push(...page.rows);
    cursor = page.cursor;
    if (cursor === null) return rows;
  }
}
