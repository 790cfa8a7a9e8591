// The way to the upstream: which address is dialled, who shares a connection, and what a client is
// told of an upstream that fails.

import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { portOf } from '../support/free-port.ts';
import { networkOf } from '../support/policy-ask.ts';
import { run } from '../support/run-client.ts';
import { startDns } from '../support/start-dns.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';

let secure: Origin;
let untrusted: Origin;
let plain: Origin;
let proxy: TestProxy;

beforeAll(async () => {
  secure = await startOrigin({ tls: { names: ['localhost', '127.0.0.1'] } });
  untrusted = await startOrigin({ tls: { names: ['localhost'] } });
  plain = await startOrigin();
  proxy = await startProxy({ rootsFile: secure.caFile });
});
afterAll(async () => {
  await proxy.close();
  await Promise.all([secure.close(), untrusted.close(), plain.close()]);
});
beforeEach(async () => {
  await proxy.forget();
});
// Whatever a test sent, the worker serves the next client.
afterEach(async () => {
  const url = `http://127.0.0.1:${plain.port}/status/204`;
  expect((await proxy.curl('-i', url)).stdout).toMatch(/^HTTP\/1\.1 204/);
});

const curl = (...args: string[]) => proxy.curl(...args);

// Invariant: the address connected is the address classified: there is no second lookup.
describe('the address connected is the address classified', () => {
  it('also where the name has another address a moment later', async () => {
    const dns = await startDns({ 'rebind.test': ['127.0.0.1'] });
    const rebound = await startProxy({
      env: { LEASH_DNS: dns.address },
      policy: { network: networkOf({ allowPrivate: ['127.0.0.1/32'] }) },
    });
    try {
      const url = `http://rebind.test:${plain.port}/status/200`;
      const get = () => run('curl', ['-sS', '-i', '-x', `127.0.0.1:${rebound.port}`, url]);
      expect((await get()).stdout).toMatch(/^HTTP\/1\.1 200 /);
      // One query a family: what was judged is what was dialled.
      expect(dns.queries.map(({ type }) => type).sort()).toEqual(['A', 'AAAA']);
      expect((await rebound.ended(1))[0]?.fields.upstream_ip).toBe('127.0.0.1');
      // A new connection is judged anew, by its own answer.
      rebound.setPolicy({});
      dns.set('rebind.test', ['127.0.0.2']);
      expect((await get()).stdout).toMatch(/^HTTP\/1\.1 403 [\s\S]*address_not_allowed/);
      // A single bad address among good ones is enough.
      dns.set('rebind.test', ['127.0.0.1', '10.0.0.1']);
      expect((await get()).stdout).toMatch(/^HTTP\/1\.1 403 [\s\S]*address_not_allowed/);
    } finally {
      await rebound.close();
      await dns.close();
    }
  });

  it('and a connection is never shared between two clients', async () => {
    const url = `https://localhost:${secure.port}/status/200`;
    const from = (client: string) =>
      curl('--interface', client, '-o', '/dev/null', url, '-o', '/dev/null', url);
    const before = secure.connections();
    for (const client of ['127.0.0.2', '127.0.0.3', '127.0.0.2']) {
      expect(await from(client)).toMatchObject({ code: 0, stderr: '' });
    }
    expect(secure.connections() - before).toBe(2);
  });
});

describe('an upstream that fails is told to the client', () => {
  let rude: Server;
  let answer: string;
  beforeAll(async () => {
    rude = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(answer, 'latin1'));
    });
    rude.listen(0, '127.0.0.1');
    await once(rude, 'listening');
  });
  afterAll(() => rude.close());

  const outcome = async (...args: string[]) => {
    const { stdout } = await curl('-i', ...args);
    const records = await proxy.ended(1);
    return { stdout, record: records[0] };
  };

  it('when nobody listens', async () => {
    const [port] = [await closedPort()];
    const { stdout, record } = await outcome(`http://127.0.0.1:${port}/`);
    expect(stdout).toMatch(/^HTTP\/1\.1 502 [\s\S]*x-leash: error; reason=connect: ECONNREFUSED/);
    expect(record).toMatchObject({
      event: 'error',
      fields: { status: 502, reason: 'connect: ECONNREFUSED' },
    });
  });

  it('when its certificate is not trusted', async () => {
    const { stdout, record } = await outcome(`https://localhost:${untrusted.port}/`);
    expect(stdout).toMatch(/HTTP\/1\.1 502 [\s\S]*x-leash: error; reason=tls_server: /);
    expect(record?.fields.reason).toMatch(/^tls_server: .*(self-signed|unable to)/i);
    expect(untrusted.requests).toEqual([]);
  });

  it('when its certificate is for another name', async () => {
    const { record } = await outcome(`https://127.0.0.1:${untrusted.port}/`);
    expect(record?.fields.reason).toMatch(/^tls_server: /);
  });

  it('when the name does not exist', async () => {
    const { stdout, record } = await outcome('http://does-not-exist.invalid/');
    expect(stdout).toMatch(/^HTTP\/1\.1 502 [\s\S]*x-leash: error; reason=dns: /);
    expect(record?.fields.reason).toMatch(/^dns: /);
  });

  it('but not of a field that Node alone would refuse', async () => {
    const field = 'Content-Disposition: attachment; filename="\xe5\xa0\xb1.pdf"';
    answer = `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${field}\r\n\r\nok`;
    const { port } = rude.address() as { port: number };
    const { stdout, record } = await outcome(`http://127.0.0.1:${port}/`);
    expect(stdout).toContain('filename="報.pdf"');
    expect(stdout).toMatch(/\r\n\r\nok$/);
    expect(record).toMatchObject({ event: 'allowed', fields: { bytes: 2 } });
  });

  it.each(['', 'hello', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'])(
    'and what it had been sent by then is on the record (answer %j)',
    async (text) => {
      answer = text;
      const { port } = rude.address() as { port: number };
      const { record } = await outcome('-d', 'a secret', `http://127.0.0.1:${port}/`);
      expect(record).toMatchObject({
        event: 'error',
        fields: { status: 502, req_bytes: 8, req_body: 'a secret', upstream_ip: '127.0.0.1' },
      });
    },
  );

  it.each([
    ['is no HTTP', 'hello'],
    ['is empty', ''],
    ['has two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    [
      'has length and chunked',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['has a head over the limit', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`],
    [
      'switches protocols unasked',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    ],
    [
      'has too many informational responses',
      `${'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(9)}HTTP/1.1 200 OK\r\n\r\n`,
    ],
    ['is a bare 101', 'HTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'],
  ])('when its answer %s', async (_name, text) => {
    answer = text;
    const { port } = rude.address() as { port: number };
    const { stdout, record } = await outcome(`http://127.0.0.1:${port}/`);
    expect(stdout).toMatch(/^HTTP\/1\.1 502 /);
    expect(record).toMatchObject({ event: 'error', fields: { status: 502 } });
  });
});

/** A port that was free a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server.address());
  server.close();
  await once(server, 'close');
  return port;
}
