// What is in force and what is wrong, asked for every few seconds.

import { useEffect, useState } from 'preact/hooks';
import type { Meta } from '../meta.ts';
import { ApiError, fetchMeta } from './api-client.ts';

const POLL_MS = 3000;

/** The newest `Meta`; null until the first answer. */
export function useMeta(enabled: boolean, onUnauthorized: () => void): Meta | null {
  const [meta, setMeta] = useState<Meta | null>(null);
  useEffect(() => {
    if (!enabled) return;
    const controller = new AbortController();
    let timer = 0;
    const poll = async () => {
      try {
        if (!document.hidden) setMeta(await fetchMeta(controller.signal));
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) onUnauthorized();
      }
      if (!controller.signal.aborted) timer = window.setTimeout(poll, POLL_MS);
    };
    poll();
    return () => {
      controller.abort();
      window.clearTimeout(timer);
    };
  }, [enabled, onUnauthorized]);
  return meta;
}
