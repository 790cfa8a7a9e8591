// Fetches the list: the first page, older pages on demand, and every two seconds what is new.

import { useCallback, useEffect, useReducer, useRef } from 'preact/hooks';
import { fetchPage } from '../kit/api-client.ts';
import { connection, noteFailure, searchProgress, stopSearch } from '../kit/app-state.ts';
import { EMPTY_ROWS, type RowsState, reduceRows } from './rows-state.ts';

const POLL_MS = 2000;
/** Rows that fill a screen: a search goes on by itself until it has them. */
const SCREEN_ROWS = 60;
/** Rounds of a quarter second; then the reader decides. */
const MAX_ROUNDS = 20;

export type RowsOptions = {
  readonly q: string;
  /** The reader is scrolled away or reads a detail: new rows wait. */
  readonly hold: boolean;
};

export function useRows(options: RowsOptions): {
  state: RowsState;
  loadOlder: () => void;
  release: () => void;
} {
  const { q } = options;
  const [state, dispatch] = useReducer(reduceRows, EMPTY_ROWS);
  const latest = useRef({ state, options });
  latest.current = { state, options };
  const abort = useRef<AbortController | null>(null);

  const load = async (first: string | null, signal: AbortSignal) => {
    dispatch({ type: 'loading' });
    let cursor = first;
    let found = 0;
    let stopped = false;
    stopSearch.value = () => {
      stopped = true;
    };
    searchProgress.value = { running: true, searchedBackTo: null };
    for (let round = 1; ; round++) {
      const page = await fetchPage({ ...toParams(q), ...(cursor && { before: cursor }) }, signal);
      found += page.rows.length;
      cursor = page.cursor;
      const done = stopped || cursor === null || found >= SCREEN_ROWS || round >= MAX_ROUNDS;
      dispatch({ type: 'older', page, done });
      searchProgress.value = { running: !done, searchedBackTo: page.searchedBackTo };
      if (done) return;
    }
  };

  const fail = (error: unknown, signal: AbortSignal) => {
    if (signal.aborted) return;
    searchProgress.value = null;
    noteFailure(error);
    dispatch({ type: 'failed' });
  };

  useEffect(() => {
    const controller = new AbortController();
    abort.current = controller;
    const { signal } = controller;
    dispatch({ type: 'reset' });
    let timer = 0;
    const poll = async () => {
      try {
        if (!document.hidden) await pollOnce(signal);
      } catch (error) {
        fail(error, signal);
      }
      if (!signal.aborted) timer = window.setTimeout(poll, POLL_MS);
    };
    const pollOnce = async (abortSignal: AbortSignal) => {
      const after = latest.current.state.newest;
      const page = await fetchPage({ ...toParams(q), ...(after && { after }) }, abortSignal);
      connection.value = '';
      dispatch({ type: 'newer', page, hold: latest.current.options.hold });
    };
    load(null, signal)
      .catch((error: unknown) => fail(error, signal))
      .finally(() => {
        if (!signal.aborted) timer = window.setTimeout(poll, POLL_MS);
      });
    return () => {
      controller.abort();
      window.clearTimeout(timer);
    };
  }, [q]);

  const loadOlder = () => {
    const { cursor, loading } = latest.current.state;
    const signal = abort.current?.signal;
    if (cursor === null || loading || signal === undefined) return;
    load(cursor, signal).catch((error: unknown) => fail(error, signal));
  };
  const release = useCallback(() => dispatch({ type: 'release' }), []);
  return { state, loadOlder, release };
}

function toParams(q: string) {
  return { limit: '200', ...(q !== '' && { q }) };
}
