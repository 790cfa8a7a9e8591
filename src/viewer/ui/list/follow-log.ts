// What is new, as it comes: from the server's stream, and by asking every two seconds where a stream
// cannot be had. Holds no rows. A page that nobody sees follows nothing: a browser has few
// connections to one server, and a hidden tab would keep one.

import type { Page } from '../../store/page.ts';
import type { RowsEvent } from '../../stream/news-queue.ts';

type FollowDeps = {
  readonly q: string;
  /** Where to go on from. */
  readonly after: () => string;
  readonly poll: (after: string, signal: AbortSignal) => Promise<Page>;
  readonly onRows: (news: RowsEvent) => void;
  readonly onGap: (newest: string) => void;
  readonly onMeta: () => void;
  readonly onError: (error: unknown) => void;
};

const POLL_MS = 2000;
/** Asked for again so often while polling. */
const RETRY_POLLS = 5;

/** Follows until the function it gives is called. */
export function followLog(deps: FollowDeps): () => void {
  const controller = new AbortController();
  const { signal } = controller;
  let source: EventSource | null = null;
  let timer = 0;
  let polls = 0;

  const stop = () => {
    source?.close();
    source = null;
    window.clearTimeout(timer);
  };
  const openStream = () => {
    stop();
    if (signal.aborted || document.hidden) return;
    source = new EventSource(`/api/stream?${paramsOf(deps.q, deps.after())}`);
    source.addEventListener('rows', ({ data }) => deps.onRows(JSON.parse(data)));
    source.addEventListener('gap', ({ data }) => deps.onGap(JSON.parse(data).newest));
    source.addEventListener('meta', () => deps.onMeta());
    source.addEventListener('error', () => {
      stop();
      polls = 0;
      poll();
    });
  };
  const poll = async () => {
    try {
      const page = await deps.poll(deps.after(), signal);
      // A tab that was hidden meanwhile, and is seen again, has its stream, and that began no later.
      if (source !== null) return;
      if (page.more) deps.onGap(page.newest ?? '');
      else deps.onRows({ rows: page.rows, ended: [], newest: page.newest ?? '' });
    } catch (error) {
      if (!signal.aborted) deps.onError(error);
    }
    if (signal.aborted || document.hidden || source !== null) return;
    polls += 1;
    timer = window.setTimeout(polls % RETRY_POLLS === 0 ? openStream : poll, POLL_MS);
  };
  const onVisible = () => (document.hidden ? stop() : openStream());

  document.addEventListener('visibilitychange', onVisible);
  openStream();
  return () => {
    controller.abort();
    stop();
    document.removeEventListener('visibilitychange', onVisible);
  };
}

function paramsOf(q: string, after: string): URLSearchParams {
  return new URLSearchParams({ ...(q !== '' && { q }), after });
}
