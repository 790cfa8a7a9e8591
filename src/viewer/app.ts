// Joins the viewer's parts in the order a request meets them: headers, guard, routes, page.
// Opens no socket: tests call it directly.

import { Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { firstRequest } from '../shared/first-page.ts';
import { Meter } from '../shared/meter.ts';
import { createAccessApi } from './access/access-api.ts';
import { AttemptLimit } from './access/attempt-limit.ts';
import { createGuard } from './access/guard.ts';
import { createLogin } from './access/login.ts';
import { createTokenReader } from './access/token.ts';
import { createApi } from './api.ts';
import { createDetailApi } from './detail-api.ts';
import { createExportApi } from './export/export-api.ts';
import { createHardenApi } from './harden/harden-api.ts';
import { createMetrics } from './metrics/metrics-api.ts';
import { VIEWER_METRICS } from './metrics/viewer-metrics.ts';
import { Planner } from './policy/planner.ts';
import { createPolicyApi } from './policy/policy-api.ts';
import { AgentNetworks } from './policy/policy-reader.ts';
import { createPublicRoutes } from './public-routes.ts';
import { createSearcher } from './search/create-searcher.ts';
import { findPage, findRows, findRowsLater } from './search/find-rows.ts';
import { createStateApi } from './state/state-api.ts';
import { LogFolder } from './store/log-folder.ts';
import type { LogQuery } from './store/log-params.ts';
import type { Page } from './store/page.ts';
import { createStreamApi } from './stream/stream-api.ts';
import { createTrustRoutes } from './trust-routes.ts';
import { loadUi } from './ui-files.ts';
import type { ViewerDeps, ViewerEnv } from './viewer-env.ts';

/** A request of this API is a few fields; more is no use of it. */
const MAX_BODY_BYTES = 64 * 1024;
/** The text of a policy file; longer ones are edited where they lie. */
const MAX_TEXT_BYTES = 2 * 1024 * 1024;
const limitText = bodyLimit({ maxSize: MAX_TEXT_BYTES });
const limitFields = bodyLimit({ maxSize: MAX_BODY_BYTES });

export async function createApp(deps: ViewerDeps): Promise<Hono<ViewerEnv>> {
  const files = await loadUi(deps.uiDir);
  const reader = {
    log: new LogFolder(deps.config.logPath),
    now: deps.monotonicNow,
    nowMs: deps.now,
    decode: deps.decode,
  };
  const searcher = createSearcher(deps, reader);
  const meter = new Meter(VIEWER_METRICS);
  const metered = async (searching: Promise<Page>) => {
    const since = performance.now();
    const page = await searching;
    meter.observe('search', (performance.now() - since) / 1000);
    return page;
  };
  const guarded = {
    ...deps,
    search: { ...reader, find: (query: LogQuery) => metered(findRows(searcher, query)) },
    agents: new AgentNetworks(deps.config.policyDir),
    token: createTokenReader(deps.config),
    limit: new AttemptLimit(),
    cookieLimit: new AttemptLimit(),
    isPage: (path: string) => path === '/' || files.has(path),
  };
  const changing = { ...guarded, planner: new Planner() };
  const app = new Hono<ViewerEnv>();
  app.use(securityHeaders);
  app.use(createGuard(guarded));
  app.use(limitBody);

  app.route('/', createPublicRoutes(deps));
  app.route('/', createTrustRoutes(deps));
  app.route('/', createLogin(guarded));
  const quiet = { ...reader, find: (query: LogQuery) => findRowsLater(searcher, query) };
  const ofPage = (query: LogQuery, signal: AbortSignal) =>
    metered(findPage(searcher, query, signal));
  app.route('/', createApi({ ...guarded, quiet, findPage: ofPage }, searcher));
  app.route('/', createAccessApi());
  app.route('/', createPolicyApi(changing));
  app.route('/', createHardenApi(changing));
  app.route('/', createDetailApi(changing));
  app.route('/', createExportApi(guarded));
  app.route('/', createStreamApi(guarded));
  app.route('/', createMetrics(guarded, { meter, searcher }));
  app.route('/', createStateApi(guarded));
  app.get('*', (c) => {
    const file = files.get(c.req.path);
    if (file === undefined) return c.notFound();
    if (file.immutable) c.header('cache-control', 'public, max-age=31536000, immutable');
    const first = c.req.path === '/' ? firstRequest(new URL(c.req.url).search) : null;
    if (first !== null && c.get('mayRead') && isOwnVisit(c.req.header('sec-fetch-site'))) {
      searcher.turns.hold();
      const link = preload(first);
      if (link.length <= MAX_LINK_CHARS) c.header('link', link);
    }
    return c.body(new Uint8Array(file.body), 200, { 'content-type': file.type });
  });
  app.notFound((c) => c.json({ error: 'there is no such page' }, 404));
  app.onError((error, c) => {
    if (error instanceof HTTPException) return c.json({ error: error.message }, error.status);
    deps.onError(error, c.req.path);
    return c.json({ error: 'internal error: see the log of the viewer' }, 500);
  });
  return app;
}

/** A proxy before the viewer may take no longer header. */
const MAX_LINK_CHARS = 2048;

/** The operator opens the page; a page of another site that has it loaded again and again holds nothing up. */
function isOwnVisit(fetchSite: string | undefined): boolean {
  return fetchSite === undefined || fetchSite === 'none' || fetchSite === 'same-origin';
}

/** Text of the log is hostile: no script but the page's own, no frame, no guess of types. */
const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** The browser asks for it at once; the page's own request then has that answer. */
const preload = (path: string) => `<${path}>; rel=preload; as=fetch; crossorigin`;

const limitBody: MiddlewareHandler = (c, next) =>
  c.req.path === '/api/policy/replace' ? limitText(c, next) : limitFields(c, next);

const securityHeaders: MiddlewareHandler = async (c, next) => {
  await next();
  for (const [name, value] of Object.entries(HEADERS)) c.res.headers.set(name, value);
  if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', 'no-store');
};
