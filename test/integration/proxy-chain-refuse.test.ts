// The upstream proxy where it stands in the way: what is refused before it is asked, what ends under
// way, and what is told of a proxy that fails.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ChainNet, startChainNet } from '../support/chain-net.ts';
import { freePorts } from '../support/free-port.ts';
import { networkOf, ruleFor } from '../support/policy-ask.ts';
import { connectThrough, readUntil } from '../support/raw.ts';
import { startProxy } from '../support/start-proxy.ts';

let net: ChainNet;
beforeAll(async () => {
  net = await startChainNet();
});
afterAll(() => net.close());
beforeEach(() => net.forget());

describe('before the upstream proxy is asked', () => {
  it.each([
    ['10.0.0.5', 'address_not_allowed'],
    ['169.254.169.254', 'address_not_allowed'],
    ['[fd00::1]', 'address_not_allowed'],
    ['localhost', 'address_not_allowed'],
    ['a.localhost', 'address_not_allowed'],
    ['intranet', 'address_not_allowed'],
  ])('%s is refused', async (host, reason) => {
    const { stdout, record } = await net.get(`http://${host}:81/`);
    expect(stdout).toMatch(new RegExp(`^HTTP/1\\.1 403 [\\s\\S]*reason=${reason}`));
    expect(record).toMatchObject({ event: 'blocked', fields: { reason } });
    expect((await net.get(`https://${host}:444/`)).stdout).toContain(`reason=${reason}`);
    expect([net.corp.requests, net.dns.queries]).toEqual([[], []]);
  });

  it("leash's own listener is refused, by address and by name", async () => {
    for (const host of ['127.0.0.1', 'localhost']) {
      const { stdout } = await net.get(`http://${host}:${net.proxy.port}/`);
      expect(stdout).toMatch(/^HTTP\/1\.1 403 [\s\S]*reason=self_connection/);
      await net.proxy.forget();
    }
    expect(net.corp.requests).toEqual([]);
  });

  it('what the policy opens is not refused', async () => {
    net.proxy.setPolicy({ network: networkOf({ allowPrivate: ['127.0.0.1/32'] }) });
    expect((await net.get(net.http('/status/200', '127.0.0.1'))).stdout).toMatch(
      /^HTTP\/1\.1 200 /,
    );
    net.proxy.setPolicy({ allow: [ruleFor('intranet', { private: true })] });
    expect((await net.get(net.http('/status/200', 'intranet'))).stdout).toMatch(/^HTTP\/1\.1 200 /);
    expect(net.corp.requests).toHaveLength(2);
  });
});

describe('a request under way through the upstream proxy', () => {
  it('is not ended by a policy that closes the address of the proxy', async () => {
    const authority = net.banner;
    const network = networkOf({ opaque: [authority] });
    net.proxy.setPolicy({ network });
    const { socket } = await connectThrough(net.proxy.port, authority);
    await readUntil(socket, { until: (text) => text.includes('SSH') });
    net.proxy.setPolicy({ network: { ...network, deny: ['127.0.0.0/8'] } });
    // Nor by one that would have it go another way.
    net.proxy.setPolicy({ network: { ...network, direct: ['ssh.test'] } });
    socket.end('!');
    expect(await readUntil(socket)).toBe('!bye');
    expect(await net.proxy.ended(1)).toMatchObject([{ event: 'uninspected' }]);
  });

  it('is ended by a policy that denies its host, or the address that it names', async () => {
    const first = net.proxy.curl(net.http('/sse?n=2&every=300000'));
    await expect.poll(() => net.plain.requests.length).toBe(1);
    net.proxy.setPolicy({ mode: 'enforce' });
    await first;
    expect(await net.proxy.ended(1)).toMatchObject([{ event: 'revoked' }]);
    await net.proxy.forget();
    net.plain.requests.length = 0;
    net.proxy.setPolicy({ network: networkOf({ allowPrivate: ['127.0.0.1/32'] }) });
    const second = net.proxy.curl(net.http('/sse?n=2&every=300000', '127.0.0.1'));
    await expect.poll(() => net.plain.requests.length).toBe(1);
    net.proxy.setPolicy({});
    await second;
    expect(await net.proxy.ended(1)).toMatchObject([
      { event: 'revoked', fields: { reason: 'address_not_allowed' } },
    ]);
  });
});

describe('an upstream proxy that fails is told to the client', () => {
  it.each(['https', 'http'] as const)(
    'when it wants another credential, over %s',
    async (scheme) => {
      net.corp.credential = 'Basic other';
      const { stdout, record } = await net.get(net[scheme]('/'));
      expect(stdout).toMatch(/HTTP\/1\.1 502 [\s\S]*x-leash: error; reason=proxy: 407/);
      expect(stdout).not.toMatch(/proxy-authenticate|HTTP\/1\.1 407/i);
      expect(record).toMatchObject({ event: 'error', fields: { reason: 'proxy: 407' } });
      expect([...net.secure.requests, ...net.plain.requests]).toEqual([]);
    },
  );

  it.each([
    ['HTTP/1.1 403 Forbidden\r\n\r\n', 'proxy: 403'],
    ['HTTP/1.1 302 Found\r\nLocation: http://login.test/\r\n\r\n', 'proxy: 302'],
    ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n', 'proxy: 100'],
    ['SSH-2.0-x\r\n', 'proxy: no HTTP'],
    [`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}`, 'proxy: head too large'],
    ['HTTP/1.1 200 OK\r\n\r\n\x16\x03\x03', 'proxy: bytes before the tunnel'],
  ])('when it answers %j', async (answer, reason) => {
    net.corp.answer = answer;
    const { stdout } = await net.get(net.https('/'));
    expect(stdout).toMatch(new RegExp(`HTTP/1\\.1 502 [\\s\\S]*x-leash: error; reason=${reason}`));
  });

  it('when it is down, or its name does not exist', async () => {
    const [port] = await freePorts(1);
    for (const [host, reason] of [
      ['127.0.0.1', 'proxy: connect: ECONNREFUSED'],
      ['none.test', 'proxy: dns: ENOTFOUND'],
    ]) {
      const env = { LEASH_DNS: net.dns.address, LEASH_UPSTREAM_PROXY: `http://${host}:${port}` };
      const down = await startProxy({ env });
      try {
        for (const url of [net.http('/'), net.https('/')]) {
          const { stdout } = await down.curl('-i', url);
          expect(stdout).toMatch(new RegExp(`HTTP/1\\.1 502 [\\s\\S]*reason=${reason}`));
        }
      } finally {
        await down.close();
      }
    }
  });

  it('when it is leash itself: the first turn is refused', async () => {
    const [port = 0] = await freePorts(1);
    const url = `http://127.0.0.1:${port}`;
    const env = { LEASH_PROXY_PORT: String(port), LEASH_UPSTREAM_PROXY: url };
    const loop = await startProxy({ env });
    try {
      const curl = (target: string) => loop.curl('-i', '--proxy', url, target);
      expect((await curl(net.https('/'))).stdout).toMatch(/502 [\s\S]*reason=proxy: 403/);
      expect((await curl(net.http('/'))).stdout).toMatch(/403 [\s\S]*blocked \(self_connection\)/);
    } finally {
      await loop.close();
    }
  });
});
