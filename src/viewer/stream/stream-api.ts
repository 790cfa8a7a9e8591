// `GET /api/stream`: the new rows of a query as they come, as server-sent events. All pages share one
// reader of the log. Who may is the guard's word, asked again while a stream is open.

import { dirname } from 'node:path';
import { type Context, Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { paramsOf } from '../params.ts';
import type { RouteDeps } from '../route-deps.ts';
import { type LogQuery, parseLogQuery } from '../store/log-params.ts';
import { LogTail } from '../store/log-tail.ts';
import type { Finder } from '../store/page.ts';
import type { ViewerEnv } from '../viewer-env.ts';
import { compileJudge } from './live-judge.ts';
import { MetaWatch } from './meta-watch.ts';
import { NewsQueue } from './news-queue.ts';
import { catchUp, MISSED_ROWS, settle } from './queue-search.ts';

/** Each holds a connection and up to a thousand rows; every open tab of every operator is one. */
export const MAX_FOLLOWERS = 64;
/** A proxy in between closes what is silent for longer; so does a page. */
const HEARTBEAT_MS = 15_000;
/** How long somebody who may not look any more still does. */
const RECHECK_MS = 2000;
/** A page that takes nothing for so long is gone, though its connection may not know. */
const STUCK_MS = 30_000;

type Followers = {
  readonly deps: RouteDeps;
  readonly search: Finder;
  readonly tail: LogTail;
  readonly metaWatch: MetaWatch;
};

export function createStreamApi(deps: RouteDeps) {
  const { config, search } = deps;
  const onError = (error: Error) => deps.onError(error, '/api/stream');
  const followers: Followers = {
    deps,
    search,
    tail: new LogTail({ log: search.log, folder: dirname(config.logPath), onError }),
    metaWatch: new MetaWatch({ stateDir: config.stateDir, agents: deps.agents, onError }),
  };
  let open = 0;
  return new Hono<ViewerEnv>().get('/api/stream', (c) => {
    const params = paramsOf(c);
    const after = c.req.header('last-event-id') || params.after || '';
    const query = parseLogQuery({ q: params.q ?? '', after, limit: `${MISSED_ROWS}` });
    if ('problem' in query) return c.json({ error: query.problem }, 400);
    // Its answer has no body, so no end of a connection would give the place back.
    if (c.req.method === 'HEAD') return c.body(null, 200, { 'content-type': 'text/event-stream' });
    if (open >= MAX_FOLLOWERS) {
      const error = `${MAX_FOLLOWERS} pages follow the log already: close one, or ask /api/logs`;
      return c.json({ error }, 503, { 'retry-after': '15' });
    }
    open += 1;
    const response = streamSSE(c, async (stream) => {
      try {
        await follow(c, stream, query, followers);
      } catch (error) {
        onError(error instanceof Error ? error : new Error(String(error)));
      } finally {
        open -= 1;
      }
    });
    response.headers.set('cache-control', 'no-store');
    return response;
  });
}

type Stream = Parameters<Parameters<typeof streamSSE>[1]>[0];

async function follow(
  c: Context<ViewerEnv>,
  stream: Stream,
  query: LogQuery,
  { deps, search, tail, metaWatch }: Followers,
): Promise<void> {
  const queue = new NewsQueue(compileJudge(query.query, deps.now() / 1000), '');
  let hasMeta = false;
  let isOver = false;
  let wake = () => {};
  const end = () => {
    isOver = true;
    wake();
  };
  stream.onAbort(end);
  const stops = [
    await tail.listen((news) => {
      queue.push(news);
      // The log may say by itself that it is damaged, which no status file has.
      if (news.rows.some(({ row }) => row.event === 'log_recovered')) hasMeta = true;
      wake();
    }),
    metaWatch.listen(() => {
      hasMeta = true;
      wake();
    }),
    repeat(RECHECK_MS, async () => {
      if (!(await c.var.mayStay().catch(() => false))) end();
    }),
  ];
  /** Waits for the page to take it; ends what does not. */
  const send = async (write: Promise<unknown>) => {
    const timer = setTimeout(() => stream.abort(), STUCK_MS);
    await write;
    clearTimeout(timer);
  };
  try {
    await catchUp(queue, query, search, tail.newest);
    while (!isOver) {
      await settle(queue, query, search);
      const next = queue.take();
      if (next !== null) {
        const { event, data } = next;
        await send(stream.writeSSE({ event, data: JSON.stringify(data), id: data.newest }));
      } else if (hasMeta) {
        hasMeta = false;
        await send(stream.writeSSE({ event: 'meta', data: '{}' }));
      } else if (!(await news((resolve) => (wake = resolve)))) {
        if (!isOver) await send(stream.write(': still here\n\n'));
      }
    }
  } finally {
    for (const stop of stops) stop();
  }
}

/** Whether it was called within the time of a heartbeat. */
async function news(register: (resolve: () => void) => void): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), HEARTBEAT_MS);
    register(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

function repeat(ms: number, action: () => void): () => void {
  const timer = setInterval(action, ms);
  return () => clearInterval(timer);
}
