// By way of the upstream proxy: what goes through it, what goes past it, and who hears its credential.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ChainNet, CREDENTIAL, startChainNet } from '../support/chain-net.ts';
import { hashOfBytes } from '../support/origin-routes.ts';
import { networkOf } from '../support/policy-ask.ts';
import { connectThrough, readUntil } from '../support/raw.ts';
import { HOP_TOKEN } from '../support/start-proxy.ts';
import { fieldOf } from '../support/start-upstream-proxy.ts';

let net: ChainNet;
beforeAll(async () => {
  net = await startChainNet();
});
afterAll(() => net.close());
beforeEach(() => net.forget());

const asked = () => net.corp.requests.map(({ method, target }) => `${method} ${target}`);

describe('what goes through the upstream proxy', () => {
  it('is https in a tunnel, with the certificate verified for the name of the target', async () => {
    const { stdout, record } = await net.get(net.https('/echo?x=1'));
    expect(stdout).toMatch(/HTTP\/1\.1 200 [\s\S]*"url":"\/echo\?x=1"/);
    expect(asked()).toEqual([`CONNECT site.test:${net.secure.port}`]);
    const [connect] = net.corp.requests;
    expect(connect?.rawHeaders).toEqual([
      ...['Host', `site.test:${net.secure.port}`, 'Via', `1.1 ${HOP_TOKEN}`],
      ...['Proxy-Authorization', CREDENTIAL],
    ]);
    expect(record).toMatchObject({ event: 'allowed', fields: { upstream_ip: '127.0.0.1' } });
    expect(net.secure.requests[0]?.rawHeaders.join('\n')).not.toMatch(/proxy-authorization|Basic/i);
    expect(net.dns.queries.map(({ name }) => name)).toEqual(['corp.test', 'corp.test']);
    const other = await net.get(net.https('/', 'other.test'));
    expect(other.stdout).toMatch(/HTTP\/1\.1 502 [\s\S]*reason=tls_server: .*ALTNAME_INVALID/);
  });

  it('is HTTP/2 where the target speaks it', async () => {
    const { stdout, record } = await net.get(`https://${net.http2}/`);
    expect(stdout).toMatch(/HTTP\/1\.1 200 [\s\S]*over 2\.0$/);
    expect(record?.fields).toMatchObject({ proto: 'h1', upstream_proto: 'h2' });
  });

  it('is plain http in absolute form, each request with the credential, on one connection', async () => {
    const before = net.corp.connections();
    const { code } = await net.proxy.curl(
      '-o',
      '/dev/null',
      net.http('/echo'),
      '-d',
      'x',
      net.http('/upload'),
    );
    expect(code).toBe(0);
    expect(
      (await net.get(net.http('/echo?y'), '-H', 'Proxy-Authorization: Basic YTpi')).record,
    ).toBeDefined();
    expect(asked().sort()).toEqual([
      `GET http://site.test:${net.plain.port}/echo?y`,
      `POST http://site.test:${net.plain.port}/echo`,
      `POST http://site.test:${net.plain.port}/upload`,
    ]);
    for (const request of net.corp.requests) {
      expect(fieldOf(request, 'proxy-authorization')).toBe(CREDENTIAL);
      expect(fieldOf(request, 'host')).toBe(`site.test:${net.plain.port}`);
      expect(fieldOf(request, 'via')).toBe(`1.1 ${HOP_TOKEN}`);
    }
    expect(net.corp.connections() - before).toBe(1);
  });

  it('is an OPTIONS of the whole server, which has no path there', async () => {
    const args = ['-p', '-X', 'OPTIONS', '--request-target', '*'];
    expect((await net.proxy.curl(...args, net.http('/'))).code).toBe(0);
    expect(asked()).toEqual([`OPTIONS http://site.test:${net.plain.port}`]);
  });

  it('is an opaque tunnel, where the server speaks first, and only its bytes are counted', async () => {
    const authority = net.banner;
    net.proxy.setPolicy({ network: networkOf({ opaque: [authority] }) });
    const { socket, status } = await connectThrough(net.proxy.port, authority);
    expect(status).toBe(200);
    socket.write('hello');
    await readUntil(socket, { until: (text) => text === 'SSH-2.0-test\r\nhello' });
    socket.end('!');
    expect(await readUntil(socket)).toBe('!bye');
    expect(await net.proxy.ended(1)).toMatchObject([
      { event: 'uninspected', fields: { req_bytes: 6, bytes: 23, upstream_ip: '127.0.0.1' } },
    ]);
    expect(asked()).toEqual([`CONNECT ${authority}`]);
  });

  it('is an opaque tunnel whose first bytes come with the answer of the proxy', async () => {
    net.proxy.setPolicy({ network: networkOf({ opaque: ['ssh.test:22'] }) });
    net.corp.answer = 'HTTP/1.1 200 OK\r\n\r\nSSH-2.0-early\r\n';
    const { socket } = await connectThrough(net.proxy.port, 'ssh.test:22');
    await readUntil(socket, { until: (text) => text === 'SSH-2.0-early\r\n' });
    socket.destroy();
    expect(await net.proxy.ended(1)).toMatchObject([
      { event: 'uninspected', fields: { bytes: 15 } },
    ]);
  });

  it('is a passthrough tunnel', async () => {
    net.proxy.setPolicy({ network: networkOf({ passthrough: ['site.test'] }) });
    const { stdout } = await net.proxy.curl('--cacert', net.caFile, net.https('/status/200'));
    expect(stdout).toBe('200\n');
    expect(await net.proxy.ended(1)).toMatchObject([
      { event: 'uninspected', fields: { sni: 'site.test' } },
    ]);
    expect(asked()).toEqual([`CONNECT site.test:${net.secure.port}`]);
  });

  it.each(['https', 'http'] as const)(
    'is every byte of an upload and a download over %s',
    async (scheme) => {
      const size = 3_000_000;
      const { code } = await net.proxy.curl('-o', `${net.dir}/down`, net[scheme](`/bytes/${size}`));
      expect(code).toBe(0);
      const { stdout } = await net.proxy.curl('-T', `${net.dir}/down`, net[scheme]('/upload'));
      expect(JSON.parse(stdout)).toEqual({ bytes: size, sha256: hashOfBytes(size) });
      expect(net.corp.requests.length).toBeGreaterThan(0);
      const records = (await net.proxy.ended(2)).filter(({ event }) => event === 'allowed');
      expect(records[0]?.fields.res_sha256).toBe(hashOfBytes(size));
    },
  );
});

describe('what is listed as `direct`', () => {
  it('goes past the upstream proxy, hears no credential and no token, and has its address judged', async () => {
    const network = networkOf({ direct: ['direct.test'], allowPrivate: ['127.0.0.1/32'] });
    net.proxy.setPolicy({ network });
    expect((await net.get(net.https('/status/200', 'direct.test'))).stdout).toContain(
      'HTTP/1.1 200 OK',
    );
    expect((await net.get(net.http('/status/200', 'direct.test'))).stdout).toMatch(
      /^HTTP\/1\.1 200 /,
    );
    expect(net.corp.requests).toEqual([]);
    for (const { rawHeaders } of [...net.secure.requests, ...net.plain.requests]) {
      expect(rawHeaders.join('\n')).not.toMatch(/proxy-authorization/i);
    }
    net.proxy.setPolicy({ network: networkOf({ direct: ['direct.test'] }) });
    const { stdout } = await net.get(net.http('/', 'direct.test'));
    expect(stdout).toMatch(/^HTTP\/1\.1 403 [\s\S]*reason=address_not_allowed/);
  });

  it('is so for the next request, also where a connection through the proxy is idle', async () => {
    await net.get(net.http('/status/200', 'direct.test'));
    expect(net.corp.requests).toHaveLength(1);
    const network = networkOf({ direct: ['*.direct.test'], allowPrivate: ['127.0.0.1/32'] });
    net.proxy.setPolicy({ network });
    await net.get(net.http('/status/200', 'direct.test'));
    expect(net.corp.requests).toHaveLength(1);
    net.proxy.setPolicy({});
    await net.get(net.http('/status/200', 'direct.test'));
    expect(net.corp.requests).toHaveLength(2);
  });
});
