// A policy that is tightened while something is under way: what it denies now ends at once, with a
// `revoked` record, and what it still allows goes on.

import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deferred } from '../support/deferred.ts';
import { networkOf, ruleFor } from '../support/policy-ask.ts';
import { connectThrough, openSocket, readUntil } from '../support/raw.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';

let origin: Origin;
let proxy: TestProxy;

beforeAll(async () => {
  origin = await startOrigin();
  proxy = await startProxy();
});
afterAll(async () => {
  await proxy.close();
  await origin.close();
});
beforeEach(async () => {
  proxy.setPolicy({});
  await proxy.forget();
});

const host = () => `127.0.0.1:${origin.port}`;
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: ${host()}\r\n\r\n`;

async function openTunnel() {
  const { socket, status } = await connectThrough(proxy.port, host());
  expect(status).toBe(200);
  return socket;
}

/** An event stream in a tunnel that has begun to arrive. */
async function openStream() {
  const socket = await openTunnel();
  socket.write(get('/sse?n=1000&every=20'));
  await readUntil(socket, { until: (text) => text.includes('"n":1') });
  return socket;
}

describe('a change of the policy', () => {
  it('ends what it denies: a stream and the tunnel that it runs in, each with its own record', async () => {
    // Invariant: a flow is in here from the moment its opening record is on the log until its last one.
    const socket = await openStream();
    expect(proxy.deps.live.size).toBe(2);
    proxy.setPolicy({ mode: 'enforce' });
    await readUntil(socket);
    const records = await proxy.ended(2);
    expect(records).toMatchObject([
      { event: 'revoked', fields: { method: 'GET', status: 200, reason: 'not_in_allowlist' } },
      { event: 'revoked', fields: { method: 'CONNECT', reason: 'not_in_allowlist' } },
    ]);
    expect(records[0]?.fields).toMatchObject({
      policy: proxy.deps.policy().version,
      mode: 'enforce',
    });
    expect(records[0]?.fields.bytes).toBeGreaterThan(0);
    expect(proxy.deps.live.size).toBe(0);
  });

  it('closes a tunnel that is silent', async () => {
    const socket = await openTunnel();
    proxy.setPolicy({ mode: 'blocklist', block: [ruleFor('127.0.0.1', { text: 'the rule' })] });
    expect(await readUntil(socket)).toBe('');
    expect(await proxy.ended(1)).toMatchObject([
      { event: 'revoked', fields: { reason: 'in_blocklist', rule: 'the rule' } },
    ]);
  });

  it('lets go on what it allows', async () => {
    const socket = await openStream();
    proxy.setPolicy({ mode: 'enforce', allow: [ruleFor('127.0.0.1', { private: true })] });
    await readUntil(socket, { until: (text) => (text.match(/data:/g) ?? []).length > 3 });
    expect(proxy.link.records).toEqual([]);
    socket.destroy();
    await proxy.ended(2);
  });

  it('ends one request by its path, and the tunnel takes others', async () => {
    const socket = await openTunnel();
    socket.write(get('/sse?n=1000&every=20'));
    await readUntil(socket, { until: (text) => text.includes('"n":1') });
    const paths = [{ method: '', prefix: '/status/' }];
    proxy.setPolicy({ mode: 'enforce', allow: [ruleFor('127.0.0.1', { paths })] });
    expect(await proxy.ended(1)).toMatchObject([
      { event: 'revoked', fields: { method: 'GET', reason: 'path_not_allowed' } },
    ]);
  });

  it('ends what was connected to an address that is closed now', async () => {
    const socket = await openStream();
    proxy.setPolicy({ network: networkOf({ allowPrivate: ['127.0.0.2/32'] }) });
    await readUntil(socket);
    const [exchange] = await proxy.ended(2);
    expect(exchange).toMatchObject({ event: 'revoked', fields: { reason: 'address_not_allowed' } });
  });

  it('that comes while an answer is waited for is told with 403', async () => {
    const slow = deferred<void>();
    const late = await startOrigin({
      handler: async (_request, response) => {
        await slow.promise;
        response.end('too late');
      },
    });
    const socket = await openSocket(proxy.port);
    socket.write(`GET ${late.url}/ HTTP/1.1\r\nHost: 127.0.0.1:${late.port}\r\n\r\n`);
    await expect.poll(() => late.requests.length).toBe(1);
    proxy.setPolicy({ mode: 'enforce' });
    expect(await readUntil(socket)).toMatch(
      /^HTTP\/1\.1 403 [\s\S]*x-leash: blocked; reason=not_in_allowlist/,
    );
    expect(await proxy.ended(1)).toMatchObject([{ event: 'revoked' }]);
    slow.resolve();
    await late.close();
  });

  it.each(['GET', 'CONNECT'])(
    'that comes while a %s is on its way to the log: nothing reaches the origin',
    async (method) => {
      const verdict = deferred<'ack'>();
      proxy.link.verdict = verdict.promise;
      const before = origin.connections();
      const socket = await openSocket(proxy.port);
      const target = method === 'GET' ? `${origin.url}/status/200` : host();
      socket.write(`${method} ${target} HTTP/1.1\r\nHost: ${host()}\r\n\r\n`);
      await expect.poll(() => proxy.link.opened.length).toBe(1);
      proxy.setPolicy({ mode: 'enforce' });
      verdict.resolve('ack');
      const answer = await readUntil(socket);
      proxy.link.verdict = 'ack';
      expect(answer).not.toContain(' 200 ');
      expect(await proxy.ended(1)).toMatchObject([{ event: 'revoked' }]);
      expect(origin.connections()).toBe(before);
    },
  );

  it('is not needed where a rule ends while a request is on its way to the log', async () => {
    const verdict = deferred<'ack'>();
    proxy.link.verdict = verdict.promise;
    const endsMs = Date.now() + 100;
    const rule = ruleFor('127.0.0.1', { private: true, expiresAtMs: endsMs });
    proxy.setPolicy({ mode: 'enforce', allow: [rule] });
    const socket = await openSocket(proxy.port);
    socket.write(`GET ${origin.url}/status/200 HTTP/1.1\r\nHost: ${host()}\r\n\r\n`);
    await expect.poll(() => proxy.link.opened.length).toBe(1);
    await expect.poll(() => Date.now() > endsMs).toBe(true);
    verdict.resolve('ack');
    const answer = await readUntil(socket, { until: (text) => text.includes('blocked (') });
    proxy.link.verdict = 'ack';
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(await proxy.ended(1)).toMatchObject([{ event: 'revoked' }]);
    socket.destroy();
  });

  it('does not touch a connection on which nothing runs, and its next request is judged', async () => {
    const socket = await openSocket(proxy.port);
    const plain = `GET ${origin.url}/status/200 HTTP/1.1\r\nHost: ${host()}\r\n\r\n`;
    socket.write(plain);
    await readUntil(socket, {
      until: (text) => text.endsWith('200\n') || text.includes('0\r\n\r\n'),
    });
    proxy.setPolicy({ mode: 'enforce' });
    socket.write(plain);
    expect(await readUntil(socket, { until: (text) => text.includes('blocked (') })).toContain(
      ' 403 ',
    );
    socket.destroy();
    await once(socket, 'close');
  });
});
