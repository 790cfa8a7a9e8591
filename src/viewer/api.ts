// The routes that show the record. `Api` is their type: the page's client is made
// from it, so both sides agree without a schema. Nothing here changes or erases anything.
// Where access is decided: `guard.ts`, before any of this runs.

import { Hono } from 'hono';
import { validator } from 'hono/validator';
import { createMetaReader } from './meta.ts';
import { isRedacted, lastOfEach } from './params.ts';
import type { RouteDeps } from './route-deps.ts';
import { createSearchApi } from './search/search-api.ts';
import type { Searcher } from './search/searcher.ts';
import { readFlow } from './store/flow.ts';
import { type LogParams, type LogQuery, parseLogQuery } from './store/log-params.ts';
import type { Finder, Page } from './store/page.ts';
import type { ViewerEnv } from './viewer-env.ts';

export type Api = ReturnType<typeof createApi>;

type FlowParams = { at?: string; seq?: string; redact?: string };

type ApiDeps = RouteDeps & {
  /** For what nobody waits for. */
  readonly quiet: Finder;
  readonly findPage: (query: LogQuery, signal: AbortSignal) => Promise<Page>;
};

export function createApi(deps: ApiDeps, searcher: Searcher) {
  const { search, quiet, findPage } = deps;
  const readMeta = createMetaReader(deps, quiet, () => searcher.progress());
  return new Hono<ViewerEnv>()
    .get(
      '/api/logs',
      validator('query', (raw): LogParams => lastOfEach(raw)),
      async (c) => {
        const query = parseLogQuery(c.req.valid('query'));
        if ('problem' in query) return c.json({ error: query.problem }, 400);
        return c.json(await findPage(query, c.req.raw.signal), 200);
      },
    )
    .get(
      '/api/logs/:id',
      validator('query', (raw): FlowParams => lastOfEach(raw)),
      async (c) => {
        const { at, seq, redact } = c.req.valid('query');
        const hint = {
          ...(at && { at }),
          ...(seq && /^\d{1,15}$/.test(seq) && { seq: Number(seq) }),
        };
        const flow = await readFlow(search, {
          id: c.req.param('id'),
          ...hint,
          redact: isRedacted(redact),
        });
        if (flow === null) return c.json({ error: 'this record was not found in the log' }, 404);
        return c.json(flow, 200);
      },
    )
    .get('/api/meta', async (c) => c.json(await readMeta()))
    .route('/', createSearchApi(searcher));
}
