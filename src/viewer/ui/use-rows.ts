// Fetches the list: the first page, older pages on demand, and every two seconds what is new.

import { useCallback, useEffect, useReducer, useRef } from 'preact/hooks';
import type { LogParams } from '../store/log-params.ts';
import { ApiError, fetchPage } from './api-client.ts';
import { EMPTY_ROWS, type RowsState, reduceRows } from './rows-state.ts';
import type { Filters } from './url-state.ts';

const POLL_MS = 2000;
/** Rows that fill a screen: a search goes on by itself until it has them. */
const SCREEN_ROWS = 60;
/** Rounds of a quarter second; then the reader decides. */
const MAX_ROUNDS = 20;

export type RowsOptions = {
  readonly filters: Filters;
  /** The reader is scrolled away or reads a detail: new rows wait. */
  readonly hold: boolean;
  readonly enabled: boolean;
  readonly onUnauthorized: () => void;
};

export function useRows(options: RowsOptions): {
  state: RowsState;
  loadOlder: () => void;
  release: () => void;
} {
  const { filters, enabled } = options;
  const [state, dispatch] = useReducer(reduceRows, EMPTY_ROWS);
  const latest = useRef({ state, options });
  latest.current = { state, options };
  const abort = useRef<AbortController | null>(null);

  const load = useCallback(async (first: string | null, signal: AbortSignal) => {
    dispatch({ type: 'loading' });
    let cursor = first;
    let found = 0;
    for (let round = 1; ; round++) {
      const params = toParams(latest.current.options.filters);
      const page = await fetchPage({ ...params, ...(cursor && { before: cursor }) }, signal);
      found += page.rows.length;
      cursor = page.cursor;
      const done = cursor === null || found >= SCREEN_ROWS || round >= MAX_ROUNDS;
      dispatch({ type: 'older', page, done });
      if (done) return;
    }
  }, []);

  const fail = useCallback((error: unknown, signal: AbortSignal) => {
    if (signal.aborted) return;
    if (error instanceof ApiError && error.status === 401) latest.current.options.onUnauthorized();
    const isAnswer = error instanceof ApiError;
    dispatch({ type: 'failed', error: isAnswer ? error.message : 'no connection to leash' });
  }, []);

  useEffect(() => {
    if (!enabled) return;
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
      const page = await fetchPage({ ...toParams(filters), ...(after && { after }) }, abortSignal);
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
  }, [formatKey(filters), enabled]);

  const loadOlder = useCallback(() => {
    const { cursor, loading } = latest.current.state;
    const signal = abort.current?.signal;
    if (cursor === null || loading || signal === undefined) return;
    load(cursor, signal).catch((error: unknown) => fail(error, signal));
  }, [load, fail]);
  const release = useCallback(() => dispatch({ type: 'release' }), []);
  return { state, loadOlder, release };
}

function toParams(filters: Filters): LogParams {
  return {
    limit: '200',
    ...(filters.q && { q: filters.q }),
    ...(filters.client && { client: filters.client }),
    ...(filters.class && { class: filters.class }),
    ...(filters.internetOnly && { internet_only: '1' }),
    ...(filters.wouldBlock && { would_block: '1' }),
  };
}

function formatKey({ redact: _, ...filters }: Filters): string {
  return JSON.stringify(filters);
}
