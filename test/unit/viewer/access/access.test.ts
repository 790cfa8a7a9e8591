import { describe, expect, it } from 'vitest';
import {
  type AccessAsk,
  type AccessRules,
  decideAccess,
  LOGIN_PATH,
  PUBLIC_PATHS,
} from '../../../../src/viewer/access/access.ts';

const RULES: AccessRules = {
  token: 'reads',
  loopbackOnly: false,
  hosts: new Set(['leash.test']),
};
/** A read by an operator with the token: allowed. Each test spoils one fact of it. */
const READ: AccessAsk = {
  method: 'GET',
  path: '/api/logs',
  isPage: false,
  host: 'leash.test:8090',
  via: undefined,
  origin: undefined,
  fetchSite: undefined,
  contentType: undefined,
  client: '192.0.2.7',
  isAgent: false,
  isOwnAddress: false,
  agents: 'listed',
  credential: 'bearer',
};
/** A change by the page in a browser that is logged in: allowed. */
const CHANGE: AccessAsk = {
  ...READ,
  method: 'POST',
  path: '/api/mode',
  origin: 'http://leash.test:8090',
  fetchSite: 'same-origin',
  contentType: 'application/json',
  credential: 'cookie',
};

function read(change: Partial<AccessAsk> = {}, rules: Partial<AccessRules> = {}) {
  return statusOf({ ...READ, ...change }, rules);
}

function change(change: Partial<AccessAsk> = {}, rules: Partial<AccessRules> = {}) {
  return statusOf({ ...CHANGE, ...change }, rules);
}

function statusOf(ask: AccessAsk, rules: Partial<AccessRules>): number {
  const verdict = decideAccess(ask, { ...RULES, ...rules });
  return verdict.ok ? 200 : verdict.status;
}

describe('Invariant: every route is closed by default', () => {
  it.each(['/api/logs', '/api/meta', '/api/policy', '/nowhere', '/healthz/', '/ca.pem/x', ''])(
    'decideAccess() asks for the token at %j',
    (path) => {
      expect(read({ path, credential: 'none' })).toBe(401);
      expect(read({ path })).toBe(200);
    },
  );

  it.each([...PUBLIC_PATHS])('decideAccess() lets anybody read %s, agents included', (path) => {
    const nobody = { client: null, isAgent: true, host: 'evil.test', credential: 'none' } as const;
    expect(read({ path, ...nobody })).toBe(200);
    expect(read({ path, ...nobody, method: 'HEAD' })).toBe(200);
    expect(change({ path, ...nobody })).not.toBe(200);
  });

  it('decideAccess() opens these paths to everybody, and no other', () => {
    expect([...PUBLIC_PATHS].sort()).toEqual([
      ...['/api/health', '/ca-bundle.pem', '/ca.crt', '/ca.pem', '/doctor.sh', '/env.sh'],
      ...['/healthz', '/proxy.pac', '/readyz', '/trust.sh'],
    ]);
  });

  it('decideAccess() gives the page and the login without a token, and nothing else', () => {
    expect(read({ path: '/', isPage: true, credential: 'none' })).toBe(200);
    expect(change({ path: LOGIN_PATH, credential: 'none' })).toBe(200);
    expect(change({ path: `${LOGIN_PATH}/x`, credential: 'none' })).toBe(401);
  });
});

describe('decideAccess() and who asks', () => {
  it.each([
    { isPage: true, path: '/' },
    { path: LOGIN_PATH, method: 'POST' },
    { credential: 'bearer' },
    { credential: 'cookie' },
  ] as const)('decideAccess() refuses agents, also with %j', (facts) => {
    expect(change({ ...facts, isAgent: true })).toBe(403);
    expect(read({ ...facts, isAgent: true }, { token: 'open' })).toBe(403);
  });

  it('decideAccess() refuses a client whose address is not known', () => {
    expect(read({ client: null })).toBe(403);
  });

  it.each(['1.1 leash-3f2a', 'HTTP/1.1 leash-3f2a (x)', '1.0 a, 1.1 LEASH-3f2a, 1.1 b'])(
    'decideAccess() refuses what came through leash: Via %j',
    (via) => expect(read({ via })).toBe(403),
  );

  it.each(['1.1 gateway', '1.1 unleash-1', ''])('decideAccess() allows Via %j', (via) =>
    expect(read({ via })).toBe(200),
  );
});

describe('decideAccess() and the Host header', () => {
  it.each([
    'leash.test',
    'LEASH.test:1',
    'leash.test.:8090',
    'localhost',
    'localhost:8090',
    '127.0.0.1:8090',
    '192.0.2.1',
    '[::1]:8090',
    '[2001:db8::1]',
  ])('decideAccess() knows %j', (host) => expect(read({ host })).toBe(200));

  it.each([
    undefined,
    '',
    'evil.test',
    'leash.test.evil.test',
    'evil-leash.test',
    'leash.test:8090:1',
    'leash.test@evil.test',
    '127.0.0.1.evil.test',
    '[evil.test]',
    '[::1].evil.test',
    'localhost.evil.test',
    '.',
  ])('decideAccess() answers 421 to %j', (host) => {
    expect(read({ host })).toBe(421);
    expect(read({ host, isPage: true, path: '/' })).toBe(421);
  });
});

describe('decideAccess() and pages of other sites', () => {
  it.each(['cross-site', 'same-site', 'x'])(
    'decideAccess() lets Sec-Fetch-Site %s come to the page by a link, and to no answer of the API',
    (fetchSite) => {
      expect(read({ fetchSite, path: '/api/logs' })).toBe(403);
      expect(read({ fetchSite, path: '/metrics' })).toBe(403);
      expect(read({ fetchSite, path: '/', isPage: true })).toBe(200);
    },
  );

  it.each(['cross-site', 'same-site', 'x'])(
    'decideAccess() refuses a change with Sec-Fetch-Site %s',
    (fetchSite) => expect(change({ fetchSite })).toBe(403),
  );

  it.each([
    'http://evil.test',
    'http://leash.test:8091',
    'http://leash.test',
    'null',
    'file://',
    'leash.test:8090',
    undefined,
  ])('decideAccess() refuses a change with Origin %j', (origin) => {
    expect(change({ origin })).toBe(403);
    expect(change({ origin, path: LOGIN_PATH, credential: 'none' })).toBe(403);
  });

  it('decideAccess() compares Origin and Host by their default ports', () => {
    expect(change({ host: 'leash.test', origin: 'https://leash.test' })).toBe(200);
    expect(change({ host: 'leash.test:443', origin: 'https://leash.test' })).toBe(200);
    expect(change({ host: 'leash.test:443', origin: 'http://leash.test' })).toBe(403);
  });

  it('decideAccess() lets a script with the token act without Origin, but no cookie', () => {
    const script = { origin: undefined, fetchSite: undefined };
    expect(change({ ...script, credential: 'bearer' })).toBe(200);
    expect(change({ ...script, credential: 'cookie' })).toBe(403);
    expect(change({ ...script, credential: 'none' }, { token: 'open' })).toBe(403);
  });

  it.each([undefined, 'text/plain', 'application/x-www-form-urlencoded', 'application/jsonp'])(
    'decideAccess() answers 415 to a change of type %j',
    (contentType) => expect(change({ contentType })).toBe(415),
  );

  it('decideAccess() takes JSON with parameters, in any case', () => {
    expect(change({ contentType: 'Application/JSON; charset=utf-8' })).toBe(200);
  });
});

describe('decideAccess() and the token', () => {
  it('decideAccess() asks for it at every route, at changes only, or never', () => {
    expect(read({ credential: 'none' }, { token: 'reads' })).toBe(401);
    expect(read({ credential: 'none' }, { token: 'writes' })).toBe(200);
    expect(read({ credential: 'none' }, { token: 'open' })).toBe(200);
    expect(change({ credential: 'none' }, { token: 'reads' })).toBe(401);
    expect(change({ credential: 'none' }, { token: 'writes' })).toBe(200);
    expect(change({ credential: 'none' }, { token: 'open' })).toBe(200);
  });

  it('decideAccess() lets nobody change anything without it while no agent network is known', () => {
    const unknown = { agents: 'none', credential: 'none' } as const;
    expect(change(unknown, { token: 'writes' })).toBe(401);
    expect(change(unknown, { token: 'open' })).toBe(403);
    expect(change({ agents: 'none' }, { token: 'writes' })).toBe(200);
  });

  it('decideAccess() lets nobody in without it while it cannot tell agents from operators', () => {
    const broken = { agents: 'unreadable', credential: 'none' } as const;
    expect(read(broken, { token: 'open' })).toBe(403);
    expect(read(broken, { token: 'writes' })).toBe(401);
    expect(change(broken, { token: 'open' })).toBe(403);
    expect(read({ agents: 'unreadable' }, { token: 'writes' })).toBe(200);
    expect(change({ agents: 'unreadable' }, { token: 'writes' })).toBe(200);
    expect(read({ ...broken, isPage: true, path: '/' }, { token: 'open' })).toBe(200);
  });

  it('decideAccess() wants it for changes from the own address, which agents may share', () => {
    const own = { isOwnAddress: true, credential: 'none' } as const;
    expect(change(own, { token: 'writes' })).toBe(403);
    expect(change(own, { token: 'writes', loopbackOnly: true })).toBe(200);
    expect(change({ isOwnAddress: true }, { token: 'writes' })).toBe(200);
  });
});
