// Stands before every route: gathers the facts of a request, asks `access.ts`, and answers refusals.
// Holds the only way to present the token; routes never see it.

import type { Context, MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import type { AgentNetworks } from '../policy/policy-reader.ts';
import type { ViewerConfig, ViewerDeps, ViewerEnv } from '../viewer-env.ts';
import {
  type AccessAsk,
  type AccessRules,
  decideAccess,
  LOGIN_PATH,
  PUBLIC_PATHS,
} from './access.ts';
import type { AttemptLimit } from './attempt-limit.ts';
import { clientAddress, inNetworks } from './client-address.ts';
import { checkSession, isEqual } from './session.ts';

/** Name of the session cookie. */
export const COOKIE = 'leash_session';

export type GuardDeps = ViewerDeps & {
  readonly agents: AgentNetworks;
  readonly token: () => Promise<string | null>;
  /** Wrong tokens, and wrong cookies. */
  readonly limit: AttemptLimit;
  readonly cookieLimit: AttemptLimit;
  readonly isPage: (path: string) => boolean;
};

type Credential = 'none' | 'bearer' | 'cookie' | 'limited';

export function createGuard(deps: GuardDeps): MiddlewareHandler<ViewerEnv> {
  const rules = accessRules(deps.config, deps.hostname);
  return async (c, next) => {
    const client = clientOf(c, deps.config.trustedProxies);
    c.set('client', client ?? '');
    c.set('mayStay', async () => isLetIn(await askOf(c, client, deps), rules));
    const ask = await askOf(c, client, deps);
    if (ask === 'limited') {
      return c.json({ error: 'too many wrong tokens: wait a minute' }, 429, {
        'retry-after': '60',
      });
    }
    c.set('change', decideAccess({ ...ask, ...changeByPage(ask.host) }, rules));
    c.set('mayRead', decideAccess({ ...ask, ...readByPage }, rules).ok);
    const verdict = decideAccess(ask, rules);
    if (verdict.ok) return next();
    if (verdict.status === 401) c.header('www-authenticate', 'Bearer realm="leash"');
    return c.json({ error: verdict.error }, verdict.status);
  };
}

/** The facts of a request, by what the files say at this moment; `limited`: too many wrong tokens. */
async function askOf(
  c: Context<ViewerEnv>,
  client: string | null,
  deps: GuardDeps,
): Promise<AccessAsk | 'limited'> {
  const networks = await deps.agents.read();
  const isAgent = client === null || inNetworks(client, networks ?? []);
  // A machine of the fleet cannot use up an operator's attempts.
  const isOpen = isAgent || c.req.path === LOGIN_PATH || PUBLIC_PATHS.has(c.req.path);
  const credential = isOpen ? 'none' : await credentialOf(c, client, deps);
  if (credential === 'limited') return 'limited';
  return {
    method: c.req.method,
    path: c.req.path,
    isPage: deps.isPage(c.req.path),
    host: c.req.header('host'),
    via: c.req.header('via'),
    origin: c.req.header('origin'),
    fetchSite: c.req.header('sec-fetch-site'),
    contentType: c.req.header('content-type'),
    client,
    isAgent,
    isOwnAddress: client !== null && deps.ownAddresses().includes(client),
    agents: networks === null ? 'unreadable' : networks.length > 0 ? 'listed' : 'none',
    credential,
  };
}

function isLetIn(ask: AccessAsk | 'limited', rules: AccessRules): boolean {
  return ask !== 'limited' && decideAccess(ask, rules).ok;
}

/** What a look at the log would be like. */
const readByPage = {
  method: 'GET',
  path: '/api/logs',
  isPage: false,
  origin: undefined,
  fetchSite: 'same-origin',
};

/** What a change would be like that this viewer's own page sends. */
function changeByPage(host: string | undefined) {
  return {
    method: 'POST',
    path: '/api/policy',
    isPage: false,
    origin: `http://${host}`,
    fetchSite: 'same-origin',
    contentType: 'application/json',
  };
}

/** Settings → the rules of access. */
export function accessRules(config: ViewerConfig, hostname: string): AccessRules {
  const loopbackOnly = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/.test(config.viewerBind);
  const generated = config.viewerToken === '';
  const token = generated && loopbackOnly ? 'writes' : 'reads';
  return {
    token: config.viewerToken === 'off' ? 'open' : token,
    loopbackOnly,
    hosts: new Set([hostname, ...config.viewerHosts].map(normalName)),
  };
}

/** The client of a request by its socket; the environment is node-server's. */
function clientOf(c: Context<ViewerEnv>, trustedProxies: readonly string[]): string | null {
  const remote = c.env?.incoming?.socket?.remoteAddress;
  return clientAddress(remote, c.req.header('x-forwarded-for'), trustedProxies);
}

async function credentialOf(
  c: Context<ViewerEnv>,
  client: string,
  deps: GuardDeps,
): Promise<Credential> {
  const bearer = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  const cookie = getCookie(c, COOKIE);
  if (bearer === undefined && cookie === undefined) return 'none';
  const token = await deps.token();
  if (token === null) return 'none';
  if (bearer !== undefined) {
    if (deps.limit.isExhausted(client, deps.now())) return 'limited';
    if (isEqual(bearer, token)) return 'bearer';
    deps.limit.recordWrong(client, deps.now());
    return 'none';
  }
  // A cookie of a weak token can be guessed like the token. But a browser may hold one of another
  // server on this host (cookies know no ports): it must lock nobody out, so it counts by itself.
  if (deps.cookieLimit.isExhausted(client, deps.now())) return 'none';
  const session = checkSession(cookie ?? '', token, deps.now());
  if (session === 'wrong') deps.cookieLimit.recordWrong(client, deps.now());
  return session === 'good' ? 'cookie' : 'none';
}

function normalName(name: string): string {
  return name.trim().toLowerCase().replace(/\.$/, '');
}
