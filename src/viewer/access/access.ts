// Who may see and change what. Pure: facts about one request go in, a verdict comes out.
// Knows nothing of HTTP libraries, files or clocks; `guard.ts` gathers the facts.
//
// Invariant: every route is closed by default; only the paths listed here are open to anybody.

import { canonicalIp } from '../../shared/address.ts';
import { TRUST_FILES } from '../../shared/trust/trust-files.ts';

/** Open to everybody, agents included: health, and what makes an agent trust leash. */
export const PUBLIC_PATHS: ReadonlySet<string> = new Set([
  '/healthz',
  '/readyz',
  '/api/health',
  ...TRUST_FILES.map(({ name }) => `/${name}`),
]);
/** Needs no token, because it is how one is presented. */
export const LOGIN_PATH = '/api/login';

export type AccessRules = {
  /** `open`: never asked for. `reads`: for every route. `writes`: only where nobody else guards. */
  readonly token: 'open' | 'reads' | 'writes';
  /** The viewer listens on loopback alone. */
  readonly loopbackOnly: boolean;
  /** Lower-case names by which the viewer may be called, besides IP literals and localhost. */
  readonly hosts: ReadonlySet<string>;
};

export type AccessAsk = {
  readonly method: string;
  readonly path: string;
  /** The page and its files: they hold no data. */
  readonly isPage: boolean;
  readonly host: string | undefined;
  readonly via: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
  readonly contentType: string | undefined;
  /** Null: unknown. */
  readonly client: string | null;
  readonly isAgent: boolean;
  /** The client's address is one of this host's own. */
  readonly isOwnAddress: boolean;
  /** What is known of `agent_networks`; `unreadable`: there is a file, and none was ever good. */
  readonly agents: 'listed' | 'none' | 'unreadable';
  readonly credential: 'none' | 'bearer' | 'cookie';
};

export type Verdict = { readonly ok: true } | { ok: false; status: Refusal; error: string };
type Refusal = 401 | 403 | 415 | 421;

/** The ladder: first match decides. */
export function decideAccess(ask: AccessAsk, rules: AccessRules): Verdict {
  const reads = ask.method === 'GET' || ask.method === 'HEAD';
  // 1. what everybody may have
  if (reads && PUBLIC_PATHS.has(ask.path)) return { ok: true };
  // 2. DNS rebinding needs a name of the attacker's (CVE-2018-14505)
  if (!isKnownHost(ask.host, rules.hosts)) {
    return refuse(421, 'this name is not one of the viewer: add it to LEASH_VIEWER_HOSTS');
  }
  // 3. a request that came out of leash itself (CVE-2025-23217)
  if (carriesHopToken(ask.via)) return refuse(403, 'requests through the proxy are refused');
  // 4. the fleet's machines get neither the record nor the policy
  if (ask.client === null) return refuse(403, 'the address of the client is not known');
  if (ask.isAgent) return refuse(403, 'this address is in agent_networks: agents have no access');
  // 5. pages of other sites must not make the operator's browser act
  if (!reads) {
    const forged = forgeryProblem(ask);
    if (forged !== null) return forged;
  }
  if (ask.isPage && reads) return { ok: true };
  // An answer that it may not read still costs time, starts a download, and can be timed.
  if (isCrossSite(ask.fetchSite)) return refuse(403, 'cross-site requests are refused');
  if (ask.path === LOGIN_PATH && ask.method === 'POST') return { ok: true };
  // 6. the token, also where an agent cannot be told from an operator
  if (rules.token === 'reads' && ask.credential === 'none') return refuse(401, 'token required');
  if (ask.agents === 'unreadable' && ask.credential === 'none') {
    return refuse(rules.token === 'open' ? 403 : 401, 'agents.yaml must be repaired first');
  }
  return reads ? { ok: true } : decideChange(ask, rules);
}

/** Changes: somebody must vouch for the operator, the token or a known fleet to tell apart from. */
function decideChange(ask: AccessAsk, rules: AccessRules): Verdict {
  if (ask.credential !== 'none') return { ok: true };
  if (ask.agents !== 'listed') {
    return rules.token === 'open'
      ? refuse(403, 'nobody can change anything while agent_networks is missing or empty')
      : refuse(401, 'token required while agent_networks is missing or empty');
  }
  if (ask.isOwnAddress && !rules.loopbackOnly) {
    return refuse(403, 'changes from the address of leash itself need the token');
  }
  return { ok: true };
}

function forgeryProblem(ask: AccessAsk): Verdict | null {
  if (isCrossSite(ask.fetchSite)) return refuse(403, 'cross-site requests are refused');
  // A script that holds the token sends no Origin; a browser cannot add Authorization by itself.
  const scripted = ask.origin === undefined && ask.credential === 'bearer';
  if (!scripted && !isSameOrigin(ask.origin, ask.host)) {
    return refuse(403, 'the Origin header must name the viewer itself');
  }
  return isJson(ask.contentType) ? null : refuse(415, 'content-type must be application/json');
}

/** By `Sec-Fetch-Site`, which only a browser sends, and no script can set. */
function isCrossSite(fetchSite: string | undefined): boolean {
  return fetchSite !== undefined && !['same-origin', 'none'].includes(fetchSite);
}

function isSameOrigin(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined || host === undefined || !URL.canParse(origin)) return false;
  const url = new URL(origin);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return false;
  return (
    URL.canParse(`${url.protocol}//${host}`) &&
    new URL(`${url.protocol}//${host}`).host === url.host
  );
}

function isJson(contentType: string | undefined): boolean {
  return contentType?.split(';')[0]?.trim().toLowerCase() === 'application/json';
}

/** Any port is right (ports are mapped); the name must be a literal, localhost or a known one. */
function isKnownHost(host: string | undefined, names: ReadonlySet<string>): boolean {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::\d{1,5})?$/.exec(host ?? '');
  const name = match?.[1]?.toLowerCase().replace(/\.$/, '');
  if (name === undefined || name === '') return false;
  if (name.startsWith('[')) return canonicalIp(name.slice(1, -1)) !== null;
  return name === 'localhost' || names.has(name) || canonicalIp(name) !== null;
}

/** RFC 9110 section 7.6.3: `[protocol/]version received-by [comment]`, comma-separated. */
function carriesHopToken(via: string | undefined): boolean {
  return (via ?? '')
    .split(',')
    .some((hop) => hop.trim().split(/\s+/)[1]?.toLowerCase().startsWith('leash-') ?? false);
}

function refuse(status: Refusal, error: string): Verdict {
  return { ok: false, status, error };
}
