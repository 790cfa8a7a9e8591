// Who gets an answer from the viewer, over real sockets: token, cookie, agents, other sites, names.

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { MAX_WRONG, WINDOW_MS } from '../../src/viewer/access/attempt-limit.ts';
import { SESSION_MS } from '../../src/viewer/access/session.ts';
import { startViewer, type TestViewer, type ViewerOptions } from '../support/start-viewer.ts';

const TOKEN = 'token-of-this-test';
/** Every route that shows something of the record or of the policy. */
const PRIVATE = [
  '/api/logs',
  '/api/logs/1-1-1',
  '/api/meta',
  '/api/mode',
  '/api/policy',
  '/metrics',
];

let viewer: TestViewer;
afterEach(() => viewer.close());

async function start(options: ViewerOptions = {}): Promise<void> {
  viewer = await startViewer(options);
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const statusOf = async (...args: Parameters<TestViewer['ask']>) =>
  (await viewer.ask(...args)).status;

function login(token: string, from?: string) {
  return viewer.ask('/api/login', {
    method: 'POST',
    json: { token },
    headers: viewer.pageHeaders(),
    ...(from !== undefined && { from }),
  });
}

/** A change as the page sends it. 202: it was let in, and no leash runs that could have it in force. */
function change(headers: Record<string, string> = {}, from?: string) {
  return statusOf('/api/mode', {
    method: 'POST',
    json: { mode: 'audit' },
    headers: { ...viewer.pageHeaders(), ...headers },
    ...(from !== undefined && { from }),
  });
}

describe('the token', () => {
  it('is asked for at every route but health, CA material, page and login', async () => {
    await start({ viewerToken: TOKEN });
    for (const path of [...PRIVATE, '/api/nowhere', '/nowhere', '/assets/nowhere.js']) {
      const answer = await viewer.ask(path);
      expect([path, answer.status]).toEqual([path, 401]);
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="leash"');
    }
    for (const path of ['/', '/index.html', '/assets/index-abc.js', '/healthz', '/api/health']) {
      expect([path, await statusOf(path)]).toEqual([path, 200]);
    }
  });

  it('opens all of them as Bearer', async () => {
    await start({ viewerToken: TOKEN });
    for (const path of PRIVATE) {
      const expected = path === '/api/logs/1-1-1' ? 404 : 200;
      expect([path, await statusOf(path, { headers: bearer(TOKEN) })]).toEqual([path, expected]);
    }
    for (const wrong of [`${TOKEN}x`, TOKEN.slice(1), 'undefined', 'null']) {
      expect(await statusOf('/api/logs', { headers: bearer(wrong) })).toBe(401);
    }
    expect(await statusOf('/api/logs', { headers: { authorization: `Basic ${TOKEN}` } })).toBe(401);
    expect(await statusOf(`/api/logs?token=${TOKEN}`)).toBe(401);
  });

  it('is taken from the file that the first start makes, also when that comes late', async () => {
    await start({ viewerBind: '' });
    expect((await login(TOKEN)).status).toBe(403);
    await writeFile(join(viewer.stateDir, 'private', 'viewer-token'), `${TOKEN}\n`);
    expect(await statusOf('/api/logs', { headers: bearer(TOKEN) })).toBe(200);
    expect(await statusOf('/api/logs')).toBe(401);
  });

  it('is not asked for on loopback, except for changes while no agents are known', async () => {
    await start();
    await writeFile(join(viewer.stateDir, 'private', 'viewer-token'), TOKEN);
    expect(await statusOf('/api/logs')).toBe(200);
    expect(await change()).toBe(401);
    expect(await change(bearer(TOKEN))).toBe(202);
    await writeFile(join(viewer.policyDir, 'agents.yaml'), 'agent_networks: [10.0.0.0/8]\n');
    expect(await change()).toBe(202);
  });

  it('is never asked for when it is off, and then nobody changes anything without known agents', async () => {
    await start({ viewerToken: 'off', viewerBind: '' });
    expect(await statusOf('/api/logs')).toBe(200);
    expect(await change()).toBe(403);
    await writeFile(join(viewer.policyDir, 'agents.yaml'), 'agent_networks: [10.0.0.0/8]\n');
    expect(await change()).toBe(202);
  });

  it('is needed for changes from an address of leash itself, which agents may share', async () => {
    await start({ viewerToken: 'off', viewerBind: '', ownAddresses: ['127.0.0.5'] });
    await writeFile(join(viewer.policyDir, 'agents.yaml'), 'agent_networks: [10.0.0.0/8]\n');
    expect(await change({}, '127.0.0.5')).toBe(403);
    expect(await change({}, '127.0.0.6')).toBe(202);
  });
});

describe('the login', () => {
  it('gives a cookie that scripts cannot read and other sites cannot send', async () => {
    await start({ viewerToken: TOKEN });
    const answer = await login(` ${TOKEN}\n`);
    expect(answer.status).toBe(200);
    const [cookie = ''] = answer.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(
      /^leash_session=[^;]+; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    expect(cookie).not.toContain(TOKEN);
    const headers = { cookie: cookie.split(';')[0] ?? '' };
    expect(await statusOf('/api/logs', { headers })).toBe(200);
    expect(await change(headers)).toBe(202);
    viewer.pass(SESSION_MS);
    expect(await statusOf('/api/logs', { headers })).toBe(401);
  });

  it.each([
    [{ token: 'wrong' }],
    [{ token: '' }],
    [{ token: [TOKEN] }],
    [{ token: null }],
    [{}],
    [null],
    [[TOKEN]],
    [TOKEN],
  ])('refuses %j and takes an old cookie away', async (json) => {
    await start({ viewerToken: TOKEN });
    const headers = viewer.pageHeaders();
    const answer = await viewer.ask('/api/login', { method: 'POST', json, headers });
    expect(answer.status).toBe(401);
    expect(answer.headers['set-cookie']?.[0]).toMatch(/^leash_session=; Max-Age=0; Path=\//);
  });

  it('closes after ten wrong tokens of one address, for a minute, and for no other', async () => {
    await start({ viewerToken: TOKEN });
    for (let n = 0; n < MAX_WRONG; n += 1) expect((await login('wrong')).status).toBe(401);
    const closed = await login(TOKEN);
    expect(closed.status).toBe(429);
    expect(closed.headers['retry-after']).toBe('60');
    expect(closed.headers['set-cookie']).toBeUndefined();
    expect(await statusOf('/api/logs', { headers: bearer(TOKEN) })).toBe(429);
    expect((await login(TOKEN, '127.0.0.2')).status).toBe(200);
    expect(await statusOf('/healthz')).toBe(200);
    viewer.pass(WINDOW_MS);
    expect((await login(TOKEN)).status).toBe(200);
  });

  it('counts wrong Bearer tokens, too', async () => {
    await start({ viewerToken: TOKEN });
    for (let n = 0; n < MAX_WRONG; n += 1) {
      expect(await statusOf('/api/logs', { headers: bearer('guess') })).toBe(401);
    }
    expect((await login(TOKEN)).status).toBe(429);
  });

  it('does not count a session that has come to its end', async () => {
    await start({ viewerToken: TOKEN });
    const cookie = (await login(TOKEN)).headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    viewer.pass(SESSION_MS);
    for (let n = 0; n < 2 * MAX_WRONG; n += 1)
      await viewer.ask('/api/logs', { headers: { cookie } });
    expect((await login(TOKEN)).status).toBe(200);
  });
});

describe('agents', () => {
  it('get health and CA material, and nothing else, with or without the token', async () => {
    await start({ viewerToken: TOKEN });
    await writeFile(join(viewer.policyDir, 'agents.yaml'), 'agent_networks: [127.0.0.8/29]\n');
    await writeFile(join(viewer.stateDir, 'ca.pem'), rootCertificates[0] ?? '');
    const from = '127.0.0.9';
    for (const path of [...PRIVATE, '/', '/index.html', '/nowhere']) {
      for (const headers of [{}, bearer(TOKEN)]) {
        expect([path, await statusOf(path, { from, headers })]).toEqual([path, 403]);
      }
    }
    expect((await login(TOKEN, from)).status).toBe(403);
    expect(await change(bearer(TOKEN), from)).toBe(403);
    for (const path of ['/healthz', '/api/health', '/ca.pem', '/trust.sh']) {
      expect([path, await statusOf(path, { from })]).toEqual([path, 200]);
    }
    expect(await statusOf('/readyz', { from })).toBe(503);
    expect(await statusOf('/api/logs', { from: '127.0.0.2', headers: bearer(TOKEN) })).toBe(200);
  });

  it('cannot use up the attempts of an operator', async () => {
    await start({ viewerToken: TOKEN });
    await writeFile(join(viewer.policyDir, 'agents.yaml'), 'agent_networks: [127.0.0.8/29]\n');
    const guess = { from: '127.0.0.9', headers: bearer('guess') };
    for (let n = 0; n < 2 * MAX_WRONG; n += 1) expect(await statusOf('/api/logs', guess)).toBe(403);
    expect((await login('guess', '127.0.0.9')).status).toBe(403);
  });

  it('stay agents while agents.yaml is broken or gone, and an edit counts at once', async () => {
    await start({ viewerToken: 'off' });
    const file = join(viewer.policyDir, 'agents.yaml');
    const asAgent = () => statusOf('/api/logs', { from: '127.0.0.9' });
    expect(await asAgent()).toBe(200);
    await writeFile(file, 'agent_networks: [127.0.0.9/32]\n');
    expect(await asAgent()).toBe(403);
    await writeFile(file, 'agent_networks: [127.0.0.9\n');
    expect(await asAgent()).toBe(403);
    await rm(file);
    expect(await asAgent()).toBe(403);
    await writeFile(file, 'agent_networks: [127.0.0.10/32]\n');
    expect(await asAgent()).toBe(200);
  });

  it('get nothing after a restart on a broken agents.yaml, and neither does anybody else', async () => {
    await start({ viewerToken: 'off' });
    const file = join(viewer.policyDir, 'agents.yaml');
    await writeFile(file, 'agent_networks: [127.0.0.9\n');
    const answer = await viewer.ask('/api/logs');
    expect(answer).toMatchObject({
      status: 403,
      json: { error: 'agents.yaml must be repaired first' },
    });
    expect(await statusOf('/healthz')).toBe(200);
    await writeFile(file, 'agent_networks: [127.0.0.9/32]\n');
    expect(await statusOf('/api/logs')).toBe(200);
    expect(await statusOf('/api/logs', { from: '127.0.0.9' })).toBe(403);
  });

  it('are not hidden by X-Forwarded-For, unless a trusted proxy says so', async () => {
    await start({ viewerToken: 'off', trustedProxies: ['127.0.0.7/32'] });
    await writeFile(join(viewer.policyDir, 'agents.yaml'), 'agent_networks: [127.0.0.9/32]\n');
    const behind = (forwarded: string, from: string) =>
      statusOf('/api/logs', { from, headers: { 'x-forwarded-for': forwarded } });
    expect(await behind('192.0.2.1', '127.0.0.9')).toBe(403);
    expect(await behind('127.0.0.9', '127.0.0.7')).toBe(403);
    expect(await behind('192.0.2.1, 127.0.0.9', '127.0.0.7')).toBe(403);
    expect(await behind('nonsense', '127.0.0.7')).toBe(403);
    expect(await behind('127.0.0.9, 192.0.2.1', '127.0.0.7')).toBe(200);
    expect(await behind('127.0.0.9', '127.0.0.6')).toBe(200);
  });

  it('do not get in by way of the proxy', async () => {
    await start({ viewerToken: TOKEN });
    const headers = { ...bearer(TOKEN), via: '1.1 leash-0123456789ab' };
    expect(await statusOf('/api/logs', { headers })).toBe(403);
    expect(await statusOf('/', { headers })).toBe(403);
  });
});

describe('other names and other sites', () => {
  it('a name that is none of the viewer gets 421: DNS rebinding', async () => {
    await start({ viewerHosts: ['Leash.Corp.Test'] });
    for (const host of ['evil.test', `127.0.0.1.evil.test:${viewer.port}`, 'localhost.evil.test']) {
      expect([host, await statusOf('/api/logs', { headers: { host } })]).toEqual([host, 421]);
      expect(await statusOf('/', { headers: { host } })).toBe(421);
    }
    const known = ['leash.corp.test', 'machine.test:8090', 'localhost', '[::1]:8090', '10.1.1.1'];
    for (const host of known) {
      expect([host, await statusOf('/api/logs', { headers: { host } })]).toEqual([host, 200]);
    }
    expect(await statusOf('/healthz', { headers: { host: 'evil.test' } })).toBe(200);
  });

  it('a page of another site cannot change anything, nor log in', async () => {
    await start({ viewerToken: 'off' });
    await mkdir(viewer.policyDir, { recursive: true });
    await writeFile(join(viewer.policyDir, 'agents.yaml'), 'agent_networks: [10.0.0.0/8]\n');
    expect(await change()).toBe(202);
    expect(await change({ 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await change({ 'sec-fetch-site': 'same-site' })).toBe(403);
    for (const origin of ['http://evil.test', 'null', 'http://127.0.0.1:1']) {
      expect([origin, await change({ origin })]).toEqual([origin, 403]);
    }
    const simple = { 'content-type': 'text/plain' };
    expect(await change(simple)).toBe(415);
    const json = { token: TOKEN };
    const headers = { origin: 'http://evil.test' };
    expect(await statusOf('/api/login', { method: 'POST', json, headers })).toBe(403);
    expect(await statusOf('/api/login', { method: 'POST', json })).toBe(403);
  });

  it('no answer can be read by another site', async () => {
    await start();
    const headers = { origin: 'http://evil.test', 'access-control-request-method': 'POST' };
    for (const method of ['GET', 'OPTIONS']) {
      const answer = await viewer.ask('/api/logs', { method, headers });
      const names = Object.keys(answer.headers).filter((name) => name.startsWith('access-control'));
      expect(names).toEqual([]);
    }
  });
});
