// Asks every few seconds what is in force and what is wrong.

import { fetchMeta } from '../kit/api-client.ts';
import { access, meta, noteFailure } from '../kit/app-state.ts';

const POLL_MS = 3000;

/** Keeps `meta` fresh until the function it gives is called. */
export function pollMeta(): () => void {
  const controller = new AbortController();
  let timer = 0;
  const poll = async () => {
    try {
      if (!document.hidden) meta.value = await fetchMeta(controller.signal);
    } catch (error) {
      if (!controller.signal.aborted) noteFailure(error);
    }
    if (!controller.signal.aborted && access.value === 'open') {
      timer = window.setTimeout(poll, POLL_MS);
    }
  };
  poll();
  return () => {
    controller.abort();
    window.clearTimeout(timer);
  };
}
