// A CONNECT or a tunnel that must not pass: one clear refusal or a clean close, one record, nothing
// sent to the origin, and a worker that goes on.

import { connect as tlsConnect } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isProblems, parseRules } from '../../src/shared/policy-file.ts';
import { buildHello, serverName } from '../support/build-hello.ts';
import { connectThrough, openSocket, rawRequest, readUntil } from '../support/raw.ts';
import { run } from '../support/run-client.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';

let secure: Origin;
let plain: Origin;
let proxy: TestProxy;

beforeAll(async () => {
  secure = await startOrigin({ tls: { names: ['localhost', '127.0.0.1'] } });
  plain = await startOrigin();
  proxy = await startProxy({
    rootsFile: secure.caFile,
  });
});
afterAll(async () => {
  await proxy.close();
  await Promise.all([secure.close(), plain.close()]);
});
beforeEach(async () => {
  await proxy.forget();
  for (const origin of [secure, plain]) origin.requests.length = 0;
});
// Whatever a test sent, the worker serves the next client.
afterEach(async () => {
  const url = `http://127.0.0.1:${plain.port}/status/204`;
  expect((await proxy.curl('-i', url)).stdout).toMatch(/^HTTP\/1\.1 204/);
});

/** The one terminal record of a test. */
async function ended() {
  const records = await proxy.ended(1);
  expect(records).toHaveLength(1);
  return records[0];
}

const many = Array.from({ length: 101 }, (_, n) => `X-${n}: ${n}`);
const head = (...lines: string[]) => [...lines, '', ''].join('\r\n');

describe('a CONNECT is refused', () => {
  const cases: [name: string, bytes: string, status: number, reason: string][] = [
    [
      'with a path as its target',
      head('CONNECT /x HTTP/1.1', 'Host: a.test'),
      400,
      'connect_target',
    ],
    ['with a URL as its target', head('CONNECT http://a.test/ HTTP/1.1', 'Host: a.test'), 400, ''],
    ['without a port', head('CONNECT a.test HTTP/1.1', 'Host: a.test'), 400, 'connect_target'],
    ['with port 0', head('CONNECT a.test:0 HTTP/1.1', 'Host: a.test:0'), 400, 'connect_target'],
    [
      'with port 65536',
      head('CONNECT a.test:65536 HTTP/1.1', 'Host: a.test'),
      400,
      'connect_target',
    ],
    ['with user information', head('CONNECT u@a.test:443 HTTP/1.1', 'Host: a.test:443'), 400, ''],
    ['with a percent sign', head('CONNECT a%2etest:443 HTTP/1.1', 'Host: a.test:443'), 400, ''],
    ['without Host', head('CONNECT a.test:443 HTTP/1.1'), 400, 'no_host_header'],
    [
      'with two Host headers',
      head('CONNECT a.test:443 HTTP/1.1', 'Host: a.test:443', 'Host: b.test'),
      400,
      'two_host_headers',
    ],
    [
      'with another Host',
      head('CONNECT a.test:443 HTTP/1.1', 'Host: b.test:443'),
      421,
      'host_mismatch',
    ],
    [
      'with a body',
      head('CONNECT a.test:443 HTTP/1.1', 'Host: a.test:443', 'Content-Length: 5'),
      400,
      'connect_with_body',
    ],
    [
      'with 101 headers',
      head('CONNECT a.test:443 HTTP/1.1', 'Host: a.test:443', ...many.slice(1)),
      431,
      'too_many_headers',
    ],
    [
      'with a head over 16 KiB',
      head('CONNECT a.test:443 HTTP/1.1', 'Host: a.test:443', `X: ${'x'.repeat(17_000)}`),
      431,
      'head_too_large',
    ],
    ['that is no HTTP', 'hello\r\n\r\n', 400, 'malformed'],
    [
      'to a name that is denied',
      head('CONNECT blocked.test:443 HTTP/1.1', 'Host: blocked.test:443'),
      403,
      'in_blocklist',
    ],
  ];
  it.each(cases)('%s', async (_name, bytes, status, reason) => {
    const block = parseRules('blocklist.yaml', 'block:\n  - host: blocked.test\n');
    if (isProblems(block)) throw new Error(block[0]?.message);
    proxy.setPolicy({ mode: 'blocklist', block });
    const answer = await rawRequest(proxy.port, bytes);
    proxy.setPolicy({});
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toMatch(/\r\nx-leash: blocked; reason=[^\r]+; id=\d+-\d+-\d+\r\n/);
    expect(answer).toMatch(/\r\nconnection: close\r\n/i);
    const record = await ended();
    expect(record).toMatchObject({ event: 'blocked', fields: { status, client: '127.0.0.1' } });
    expect(record?.fields.reason).toContain(reason);
    expect(proxy.link.opened).toEqual([]);
  });
});

describe('a tunnel is closed with a record', () => {
  const target = () => `localhost:${secure.port}`;

  it('when its first bytes are neither TLS nor HTTP', async () => {
    const { socket } = await connectThrough(proxy.port, target());
    socket.write('SSH-2.0-OpenSSH_9.2\r\n');
    await readUntil(socket);
    expect(await ended()).toMatchObject({ event: 'blocked' });
    expect((await ended())?.fields.reason).toMatch(/^unknown_protocol: /);
    expect(secure.connections()).toBe(0);
  });

  it('when the SNI names another host', async () => {
    const { socket } = await connectThrough(proxy.port, target());
    const tls = tlsConnect({ socket, servername: 'other.test', rejectUnauthorized: false });
    tls.on('error', () => {});
    await new Promise((resolve) => tls.once('close', resolve));
    expect(await ended()).toMatchObject({
      event: 'blocked',
      fields: { reason: 'sni_mismatch', sni: 'other.test', host: 'localhost' },
    });
    expect(secure.connections()).toBe(0);
  });

  it('when the client does not trust the CA', async () => {
    const result = await run('curl', [
      '-sS',
      '-x',
      `127.0.0.1:${proxy.port}`,
      `https://${target()}/`,
    ]);
    expect(result.code).toBe(60);
    const record = await ended();
    expect(record?.event).toBe('error');
    expect(record?.fields.reason).toMatch(/^tls_client: .*unknown ca/);
  });

  it('when the client goes away before it says anything', async () => {
    // Invariant: every accepted tunnel ends in exactly one terminal record (see flow.ts).
    const { socket } = await connectThrough(proxy.port, target());
    socket.destroy();
    expect(await ended()).toMatchObject({ event: 'connect_closed', fields: { method: 'CONNECT' } });
  });

  it('when the client goes away in the middle of the handshake', async () => {
    const { socket } = await connectThrough(proxy.port, target());
    // A ClientHello that was whole, and then nothing: the answer finds nobody.
    socket.write(buildHello({ extensions: [serverName('localhost')] }));
    await readUntil(socket, { until: (text) => text.length > 0 });
    socket.destroy();
    expect(await ended()).toMatchObject({
      event: 'error',
      fields: { reason: expect.stringMatching(/^tls_client: /) },
    });
    expect(secure.connections()).toBe(0);
  });
});

describe('limits', () => {
  it('a client that opens more tunnels than it may gets 429, others go on', async () => {
    const small = await startProxy({ env: { LEASH_CLIENT_TUNNELS: '2' } });
    const opened = await Promise.all([1, 2].map(() => connectThrough(small.port, 'a.test:443')));
    const third = await connectThrough(small.port, 'a.test:443');
    expect([...opened, third].map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(third.head).toMatch(/Retry-After/);
    opened[0]?.socket.destroy();
    await expect
      .poll(async () => (await connectThrough(small.port, 'a.test:443')).status)
      .toBe(200);
    await small.close();
  });

  it('a client that asks for more leaves a second than it may gets 429, for new names only', async () => {
    const small = await startProxy({ env: { LEASH_CLIENT_MINTS_S: '1' } });
    const target = `localhost:${secure.port}`;
    expect((await small.curl(`https://${target}/status/200`)).code).not.toBe(56);
    const second = await connectThrough(small.port, 'b.test:443');
    expect(second.head).toMatch(/^HTTP\/1\.1 429 [\s\S]*reason=client_mints[\s\S]*Retry-After: 5/);
    expect((await connectThrough(small.port, target)).status).toBe(200);
    await small.close();
  });

  it('half a head does not hold a connection, and is one refusal', async () => {
    const socket = await openSocket(proxy.port);
    socket.write('GET http://a.test/ HTTP/1.1\r\nHost: ');
    socket.end();
    expect(await readUntil(socket)).toMatch(/^HTTP\/1\.1 400 /);
    expect(await ended()).toMatchObject({ event: 'blocked', fields: { status: 400 } });
  });
});
