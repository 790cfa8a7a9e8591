// What a page of another site, or a cookie of another server on this host, does to an operator who only
// reads: nothing.

import { afterEach, describe, expect, it } from 'vitest';
import { MAX_WRONG } from '../../src/viewer/access/attempt-limit.ts';
import { createSession } from '../../src/viewer/access/session.ts';
import { MAX_FOLLOWERS } from '../../src/viewer/stream/stream-api.ts';
import { startViewer, type TestViewer } from '../support/start-viewer.ts';

const TOKEN = 'correct-horse-battery-staple';
/** What a server on another port of this host may have set: cookies know no ports. */
const FOREIGN = { cookie: 'leash_session=0' };

let viewer: TestViewer;
afterEach(() => viewer.close());

const statusOf = async (path: string, headers: Record<string, string> = {}) =>
  (await viewer.ask(path, { headers })).status;
const login = (token: string) =>
  viewer.ask('/api/login', { method: 'POST', json: { token }, headers: viewer.pageHeaders() });

describe('a page of another site', () => {
  it('starts no search, no download and no stream, and is linked to all the same', async () => {
    viewer = await startViewer();
    for (const path of ['/api/logs?q=a', '/api/facets', '/api/export.har', '/api/stream']) {
      expect([path, await statusOf(path, { 'sec-fetch-site': 'cross-site' })]).toEqual([path, 403]);
    }
    expect(await statusOf('/', { 'sec-fetch-site': 'cross-site' })).toBe(200);
    expect(await statusOf('/api/logs', { 'sec-fetch-site': 'same-origin' })).toBe(200);
    expect(await statusOf('/api/logs', { 'sec-fetch-site': 'none' })).toBe(200);
  });

  it('cannot take all places of the live list by asking for heads', async () => {
    viewer = await startViewer();
    for (let n = 0; n <= MAX_FOLLOWERS; n += 1) {
      expect((await viewer.ask('/api/stream', { method: 'HEAD' })).status).toBe(200);
    }
  });
});

describe('a cookie that is not of this viewer', () => {
  it('locks nobody out: where no token is needed, and at the login', async () => {
    viewer = await startViewer();
    for (let n = 0; n < 3 * MAX_WRONG; n += 1) {
      expect(await statusOf('/api/logs', FOREIGN)).toBe(200);
    }
    await viewer.close();
    viewer = await startViewer({ viewerToken: TOKEN });
    for (let n = 0; n < 3 * MAX_WRONG; n += 1) {
      expect(await statusOf('/api/logs', FOREIGN)).toBe(401);
    }
    const [cookie = ''] = (await login(TOKEN)).headers['set-cookie'] ?? [];
    expect(await statusOf('/api/logs', { cookie: cookie.split(';')[0] ?? '' })).toBe(200);
  });

  it('is not a way to guess a token: after ten, no cookie counts for a minute', async () => {
    viewer = await startViewer({ viewerToken: TOKEN });
    for (let n = 0; n < MAX_WRONG; n += 1) {
      const cookie = `leash_session=${createSession(`guess-${n}`, 1_700_000_000_000)}`;
      expect(await statusOf('/api/logs', { cookie })).toBe(401);
    }
    const right = { cookie: `leash_session=${createSession(TOKEN, 1_700_000_000_000)}` };
    expect(await statusOf('/api/logs', right)).toBe(401);
    viewer.pass(60_000);
    expect(await statusOf('/api/logs', right)).toBe(200);
  });
});
