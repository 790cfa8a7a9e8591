// What is asked about one record beside the record itself.

import { hc } from 'hono/client';
import { useEffect, useState } from 'preact/hooks';
import type { DetailApi, ProofAnswer, WhyAnswer } from '../../../detail-api.ts';
import { ApiError, read } from '../../kit/api-client.ts';
import type { Selection } from '../../kit/page-state.ts';

const client = hc<DetailApi>(location.origin);

export async function fetchProof({ id, at }: Selection, signal: AbortSignal): Promise<ProofAnswer> {
  const ask = { param: { id: encodeURIComponent(id) }, query: { at } };
  return read<ProofAnswer>(await client.api.logs[':id'].proof.$get(ask, { init: { signal } }));
}

export async function fetchWhy({ id, at }: Selection, signal: AbortSignal): Promise<WhyAnswer> {
  const ask = { param: { id: encodeURIComponent(id) }, query: { at } };
  return read<WhyAnswer>(await client.api.logs[':id'].why.$get(ask, { init: { signal } }));
}

type Asked<T> = { readonly value: T | null; readonly error: string };

/** Asks when the record changes, and again when `version` does. */
export function useAnswer<T>(
  ask: (selection: Selection, signal: AbortSignal) => Promise<T>,
  { id, at }: Selection,
  version: unknown = null,
): Asked<T> {
  const [answer, setAnswer] = useState<Asked<T> & { at: string }>({ value: null, error: '', at });
  useEffect(() => {
    const controller = new AbortController();
    ask({ id, at }, controller.signal).then(
      (value) => setAnswer({ value, error: '', at }),
      (error: unknown) => {
        if (controller.signal.aborted) return;
        const text = error instanceof ApiError ? error.message : 'no connection to leash';
        setAnswer({ value: null, error: text, at });
      },
    );
    return () => controller.abort();
  }, [id, at, version]);
  return answer.at === at ? answer : { value: null, error: '' };
}
