// What holds for every answer of the viewer: headers, health, files of the page, faults.

import { X509Certificate } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Status } from '../../src/shared/status.ts';
import { ROUTE_TEXTS, shownPattern } from '../support/reference/routes.ts';
import { startViewer, type TestViewer } from '../support/start-viewer.ts';

let viewer: TestViewer;
beforeEach(async () => {
  viewer = await startViewer();
});
afterEach(() => viewer.close());

const CHECK = { state: 'done', segments: 1, damage: [] } as const;
const STATUS: Status = {
  bootId: 'b',
  pid: process.pid,
  startedAt: 1_700_000_000_000,
  state: 'running',
  policy: { version: 3, mode: 'audit', files: {} },
  problems: [{ file: 'enforce.yaml', line: 2, column: 5, message: 'wrong' }],
  workers: [{ number: 1, pid: 1, listening: true, policy: 3 }],
  log: { healthy: true, problem: '', segment: 1, seq: 7, check: CHECK },
  records: { allowed: 3 },
  listeners: { proxy: { host: '127.0.0.1', port: 9999 }, viewer: null },
};

const put = (status: Partial<Status>) =>
  writeFile(join(viewer.stateDir, 'run', 'status.json'), JSON.stringify({ ...STATUS, ...status }));

describe('security headers', () => {
  it.each(['/', '/assets/index-abc.js', '/api/logs', '/healthz', '/nowhere', '/api/logs?limit=0'])(
    'stand in the answer to %s',
    async (path) => {
      const { headers } = await viewer.ask(path);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
      const csp = String(headers['content-security-policy']);
      expect(csp).toContain("default-src 'none'");
      expect(csp).toContain("script-src 'self';");
      expect(csp).toContain("frame-ancestors 'none'");
      expect(csp).not.toContain('unsafe');
    },
  );

  it('stand in refusals, too, and nothing but hashed files is cached', async () => {
    const refused = await viewer.ask('/api/logs', { headers: { host: 'evil.test' } });
    expect(refused.status).toBe(421);
    expect(refused.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    for (const path of ['/', '/api/logs', '/nowhere']) {
      expect((await viewer.ask(path)).headers['cache-control']).toBe('no-store');
    }
    const asset = await viewer.ask('/assets/index-abc.js');
    expect(asset.headers['cache-control']).toBe('public, max-age=31536000, immutable');
  });
});

it('each route is in docs/reference.md, and each of those is a route', () => {
  // `ALL` is what stands before the routes.
  const routes = viewer.routes.filter(({ method }) => method !== 'ALL');
  const there = routes.map(({ method, path }) => shownPattern(method, path));
  const told = ROUTE_TEXTS.flatMap(({ routes }) => routes);
  expect([...new Set(there)].sort()).toEqual([...told].sort());
});

describe('health', () => {
  it('/healthz answers while the viewer lives, whatever leash does', async () => {
    expect((await viewer.ask('/healthz')).json).toEqual({ ok: true });
    expect(await viewer.ask('/healthz', { method: 'HEAD' })).toMatchObject({
      status: 200,
      text: '',
    });
  });

  it('/readyz is 200 only when leash is ready, and says why not', async () => {
    expect((await viewer.ask('/readyz')).json).toEqual({
      ready: false,
      problems: ['leash has not started: no status file'],
    });
    await put({});
    const ready = await viewer.ask('/readyz');
    expect(ready).toMatchObject({ status: 200, json: { ready: true, problems: [] } });
    for (const broken of [
      { pid: 2 ** 22 + 1 },
      { state: 'draining' },
      { policy: null },
      { workers: [] },
      { workers: [{ number: 1, pid: 1, listening: false, policy: 3 }] },
      { log: { healthy: false, problem: 'disk is full', segment: 1, seq: 7, check: CHECK } },
    ] satisfies Partial<Status>[]) {
      await put(broken);
      const answer = await viewer.ask('/readyz');
      expect([broken, answer.status]).toEqual([broken, 503]);
      expect(answer.json.problems).toHaveLength(1);
      expect((await viewer.ask('/api/health')).json).toMatchObject({ ok: true, ready: false });
    }
    await writeFile(join(viewer.stateDir, 'run', 'status.json'), '{"torn');
    expect((await viewer.ask('/readyz')).status).toBe(503);
  });

  it('/api/meta and /api/mode give what is in force, not what the files say', async () => {
    await writeFile(join(viewer.policyDir, 'mode'), 'enforce');
    await put({});
    expect((await viewer.ask('/api/mode')).json).toEqual({ mode: 'audit' });
    expect((await viewer.ask('/api/meta')).json).toMatchObject({
      mode: 'audit',
      policy_version: 3,
      proxy_port: 9999,
      policy_problems: STATUS.problems,
      log: { healthy: true, problem: '', segment: 1, seq: 7 },
      problems: [],
    });
    expect((await viewer.ask('/api/policy')).json).toMatchObject({ mode: 'audit', version: 3 });
    await put({ pid: 2 ** 22 + 1 });
    expect((await viewer.ask('/api/mode')).json).toEqual({ mode: 'enforce' });
  });

  it('/ca.pem gives the certificate as a file, and 503 before there is one', async () => {
    expect((await viewer.ask('/ca.pem')).status).toBe(503);
    const certPem = new X509Certificate(rootCertificates[0] ?? '').toString();
    await writeFile(join(viewer.stateDir, 'ca.pem'), certPem);
    const answer = await viewer.ask('/ca.pem');
    expect(answer).toMatchObject({ status: 200, text: certPem });
    expect(answer.headers).toMatchObject({
      'content-type': 'application/x-pem-file',
      'content-disposition': 'attachment; filename="leash-ca.pem"',
    });
  });

  it('the scripts name the proxy by the address of the connection, and by no header', async () => {
    const certPem = new X509Certificate(rootCertificates[0] ?? '').toString();
    await writeFile(join(viewer.stateDir, 'ca.pem'), certPem);
    const headers = {
      host: 'evil.test',
      'x-forwarded-host': 'evil.test',
      forwarded: 'host=evil.test',
    };
    const env = await viewer.ask('/env.sh', { headers });
    expect(env.text).toContain("export HTTPS_PROXY='http://127.0.0.1:8080'\n");
    const trust = await viewer.ask('/trust.sh', { headers });
    expect(trust.text).toContain(certPem);
    expect(trust.text).toMatch(/^PROXY='http:\/\/127\.0\.0\.1:8080'$/m);
    expect(trust.headers['content-type']).toBe('text/x-shellscript; charset=utf-8');
    for (const { text } of [env, trust]) expect(text).not.toContain('evil');
  });
});

describe('the page', () => {
  it('is served with its files and their types', async () => {
    const page = await viewer.ask('/');
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.text).toContain('<title>leash</title>');
    const script = await viewer.ask('/assets/index-abc.js');
    expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8');
  });

  it.each([
    '/../state/private/viewer-token',
    '/assets/../../state/private/viewer-token',
    '/assets/..%2f..%2fstate%2fprivate%2fviewer-token',
    '/%2e%2e/state/private/viewer-token',
    '//etc/passwd',
    '/assets/',
    '/assets',
    '/__proto__',
  ])('has no file at %s', async (path) => {
    await writeFile(join(viewer.stateDir, 'private', 'viewer-token'), 'secret-of-the-file');
    const answer = await viewer.ask(path);
    expect(answer.status).toBe(404);
    expect(answer.text).not.toContain('secret-of-the-file');
  });
});

describe('faults', () => {
  it('a body beyond 64 KiB gets 413', async () => {
    const answer = await viewer.ask('/api/login', {
      method: 'POST',
      json: { token: 'x'.repeat(70_000) },
      headers: viewer.pageHeaders(),
    });
    expect(answer.status).toBe(413);
  });

  it('an own fault gets 500 without details, and is reported', async () => {
    const folder = dirname(viewer.logPath);
    await rename(folder, `${folder}.away`);
    await writeFile(folder, '');
    const answer = await viewer.ask('/api/logs');
    expect(answer).toMatchObject({
      status: 500,
      json: { error: 'internal error: see the log of the viewer' },
    });
    expect(viewer.errors).toHaveLength(1);
    expect(viewer.errors[0]?.message).toContain('ENOTDIR');
    await rm(folder);
    await rename(`${folder}.away`, folder);
    expect((await viewer.ask('/api/logs')).status).toBe(200);
  });

  it('there is no route that changes or erases the record', async () => {
    for (const method of ['DELETE', 'PUT', 'PATCH', 'POST']) {
      await writeFile(join(viewer.policyDir, 'agents.yaml'), 'agent_networks: [10.0.0.0/8]\n');
      const headers = viewer.pageHeaders();
      for (const path of ['/api/logs', '/api/logs/1-1-1', '/api/clear']) {
        const answer = await viewer.ask(path, { method, json: {}, headers });
        expect([method, path, answer.status]).toEqual([method, path, 404]);
      }
    }
  });
});
