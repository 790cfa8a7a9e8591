// A CONNECT with more to it than a name, and what is meant for one hop only: nothing of either reaches
// an origin.

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openFrom } from '../support/framing-client.ts';
import { connectThrough, openSocket, readUntil } from '../support/raw.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';

let secure: Origin;
let plain: Origin;
let proxy: TestProxy;

beforeAll(async () => {
  secure = await startOrigin({ tls: { names: ['localhost'] } });
  plain = await startOrigin();
  proxy = await startProxy({ rootsFile: secure.caFile });
});
afterAll(async () => {
  await proxy.close();
  await Promise.all([secure.close(), plain.close()]);
});
let before: number;
beforeEach(async () => {
  await proxy.forget();
  for (const origin of [secure, plain]) origin.requests.length = 0;
  before = plain.connections() + secure.connections();
});
// Whatever a test sent, the worker serves the next client.
afterEach(async () => {
  const url = `http://127.0.0.1:${plain.port}/status/204`;
  expect((await proxy.curl('-i', url)).stdout).toMatch(/^HTTP\/1\.1 204/);
});

const authority = () => `localhost:${plain.port}`;
const head = (...lines: string[]) => [...lines, '', ''].join('\r\n');
const connectHead = (to: string, ...fields: string[]) =>
  head(`CONNECT ${to} HTTP/1.1`, `Host: ${to}`, ...fields);
const inner = () => head('GET /smuggled HTTP/1.1', `Host: ${authority()}`);
const MIB = 'x'.repeat(1024 * 1024);

function expectNothingForwarded(): void {
  expect(plain.connections() + secure.connections()).toBe(before);
  expect([...plain.requests, ...secure.requests]).toEqual([]);
  expect(proxy.link.opened.filter(({ event }) => event === 'intent')).toEqual([]);
}

async function sendAll(bytes: string): Promise<string> {
  const socket = await openFrom(proxy.port);
  socket.write(bytes, 'latin1');
  return await readUntil(socket).finally(() => socket.destroy());
}

type Case = [name: string, text: () => string, status: number];

describe('I-09 a CONNECT with more to it is refused', () => {
  const cases: Case[] = [
    ['a length', () => `${connectHead(authority(), 'Content-Length: 5')}hello`, 400],
    ['a length of zero', () => connectHead(authority(), 'Content-Length: 0'), 400],
    ['a length that covers a request', () => lengthOver(inner()), 400],
    ['two lengths', () => connectHead(authority(), 'Content-Length: 5', 'Content-Length: 6'), 400],
    [
      'chunks',
      () => `${connectHead(authority(), 'Transfer-Encoding: chunked')}0\r\n\r\n${inner()}`,
      400,
    ],
    ['another coding', () => connectHead(authority(), 'Transfer-Encoding: gzip') + inner(), 400],
    ['both', () => connectHead(authority(), 'Content-Length: 5', 'Transfer-Encoding: x'), 400],
    ['an expectation', () => connectHead(authority(), 'Expect: 100-continue') + inner(), 417],
    ['another expectation', () => connectHead(authority(), 'Expect: tea') + inner(), 417],
    ['a field of 1 MiB', () => connectHead(authority(), `X: ${MIB}`), 431],
    [
      '1 MiB of fields',
      () => connectHead(authority(), ...Array(1000).fill('X: '.padEnd(1046))),
      431,
    ],
    ['a name of 1 MiB', () => connectHead(`${MIB}:443`), 431],
  ];
  it.each(cases)('I-09 CONNECT with %s', async (_name, text, status) => {
    const answer = await sendAll(text());
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*x-leash: blocked`));
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(await proxy.ended(1)).toMatchObject([{ event: 'blocked', fields: { status } }]);
    expect(proxy.link.records).toHaveLength(1);
    expectNothingForwarded();
  });

  const early: [name: string, text: () => string][] = [
    ['1 MiB of nothing known', () => MIB],
    ['1 MiB of capitals', () => MIB.toUpperCase()],
    ['1 MiB of zeros', () => '\x00'.repeat(MIB.length)],
    ['a TLS record without a ClientHello, 1 MiB', () => `\x16\x03\x01\x40\x00\x0b${MIB}`],
    ['a ClientHello of 1 MiB', () => `\x16\x03\x01\x40\x00\x01\x10\x00\x00\x03\x03${MIB}`],
  ];
  it.each(early)('I-09 behind a CONNECT, at once: %s', async (_name, text) => {
    const answer = await sendAll(connectHead(authority()) + text());
    expect(answer.replace(/^HTTP\/1\.1 200 Connection Established\r\n\r\n/, '')).toBe('');
    expect(await proxy.ended(1)).toMatchObject([{ event: 'blocked' }]);
    expectNothingForwarded();
  });
});

describe('I-09 a CONNECT behind another one is refused', () => {
  it.each([
    ['a name', () => connectHead('smuggled.test:443')],
    ['the same name', () => connectHead(authority())],
    ['a name, and a request for it', () => connectHead('smuggled.test:443') + inner()],
  ])('I-09 pipelined: %s', async (_name, second) => {
    const answer = await sendAll(connectHead(authority()) + second());
    expect(answer).toMatch(/^HTTP\/1\.1 200 [^\r]*\r\n\r\nHTTP\/1\.1 400 [\s\S]*nested_connect/);
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(2);
    const [blocked] = await proxy.ended(2);
    expect(blocked).toMatchObject({ event: 'blocked', fields: { reason: 'nested_connect' } });
    expectNothingForwarded();
  });

  it('I-09 pipelined, to port 443, where nothing but TLS is spoken', async () => {
    await sendAll(connectHead('localhost:443') + connectHead('smuggled.test:443'));
    expect(await proxy.ended(1)).toMatchObject([
      { event: 'blocked', fields: { reason: 'plain_http_on_443' } },
    ]);
    expectNothingForwarded();
  });

  it('I-09 behind a request whose answer is due', async () => {
    const url = `http://${authority()}/sse?n=1000&every=50`;
    const first = head(`GET ${url} HTTP/1.1`, `Host: ${authority()}`);
    const socket = await openSocket(proxy.port);
    socket.write(first);
    await readUntil(socket, { until: (text) => text.includes('data:') });
    socket.write(connectHead(authority()) + inner());
    await readUntil(socket);
    const records = await proxy.ended(2);
    const reasons = records.map(({ fields }) => fields.reason);
    expect(reasons).toContain('malformed: connect_after_request');
    expect(plain.requests).toHaveLength(1);
  });

  it('I-09 nested inside a plain tunnel, also behind a good request', async () => {
    const { socket } = await connectThrough(proxy.port, authority());
    socket.write(head('GET /echo HTTP/1.1', `Host: ${authority()}`));
    await readUntil(socket, { until: (text) => text.includes('"method"') });
    socket.write(connectHead('smuggled.test:443') + inner());
    expect(await readUntil(socket)).toMatch(/^HTTP\/1\.1 400 [\s\S]*nested_connect/);
    await proxy.ended(3);
    expect(plain.requests.map(({ url }) => url)).toEqual(['/echo']);
  });

  it('I-09 nested inside TLS', async () => {
    const tls = await openTls();
    tls.write(connectHead('smuggled.test:443') + inner());
    expect(await readUntil(tls)).toMatch(/^HTTP\/1\.1 400 [\s\S]*nested_connect/);
    tls.destroy();
    await proxy.ended(2);
    expectNothingForwarded();
  });
});

/** A CONNECT whose length covers what follows it. */
function lengthOver(body: string): string {
  return connectHead(authority(), `Content-Length: ${body.length}`) + body;
}

/** TLS to the secure origin, opened by leash. */
async function openTls(): Promise<TLSSocket> {
  const to = `localhost:${secure.port}`;
  const { socket } = await connectThrough(proxy.port, to);
  const tls = tlsConnect({ socket, servername: 'localhost', ca: proxy.caPem });
  tls.on('error', () => {});
  await once(tls, 'secureConnect');
  return tls;
}

const ONE_HOP = [
  'Proxy-Authorization: Basic c2VjcmV0',
  'proxy-authorization: Basic c2VjcmV0',
  'Proxy_Authorization: Basic c2VjcmV0',
  'Proxy-Connection: keep-alive',
  'Proxy.Connection: keep-alive',
  'Keep-Alive: timeout=5',
  'TE: gzip;q=0.5',
  'Trailer: X-Secret',
  'Upgrade: h2c',
  'HTTP2-Settings: AAMAAABkAAQAAP__',
  'X-Nominated: secret',
  'x-nominated: secret',
  'X_Second: secret',
];
const CONNECTION = [
  'Connection: X-Nominated, keep-alive',
  'Connection:x-second ,Upgrade,, HTTP2-Settings , TE',
];
const KEPT = ['Authorization: Bearer a', 'Cookie: a=b', 'Content-Type: text/plain', 'X-Kept: a'];
const NAMING_KEPT = 'Connection: Host, Content-Length, Authorization, Cookie, Content-Type, close';

describe('I-09 fields for one hop', () => {
  const names = (fields: readonly string[]) =>
    fields.map((field) => field.slice(0, field.indexOf(':')).toLowerCase());
  const request = (target: string, host: string) =>
    `${head(`POST ${target} HTTP/1.1`, `Host: ${host}`, ...ONE_HOP, ...CONNECTION, ...KEPT, NAMING_KEPT, 'Content-Length: 5')}hello`;

  const routes: [name: string, open: () => Promise<[Socket, string, string, Origin]>][] = [
    [
      'to the proxy itself',
      async () => [
        await openSocket(proxy.port),
        `http://${authority()}/upload`,
        authority(),
        plain,
      ],
    ],
    [
      'inside a plain tunnel',
      async () => [
        (await connectThrough(proxy.port, authority(), [ONE_HOP[0] ?? ''])).socket,
        '/upload',
        authority(),
        plain,
      ],
    ],
    ['inside TLS', async () => [await openTls(), '/upload', `localhost:${secure.port}`, secure]],
  ];
  it.each(routes)('I-09 never reach the origin: %s', async (_name, open) => {
    const [socket, target, host, origin] = await open();
    socket.write(request(target, host));
    await readUntil(socket);
    socket.destroy();
    expect(origin.requests).toHaveLength(1);
    const { rawHeaders = [], bytes } = origin.requests[0] ?? {};
    const arrived = rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
    expect(bytes).toBe(5);
    expect(arrived.filter((name) => names(ONE_HOP).includes(name))).toEqual([]);
    expect(arrived).toEqual(expect.arrayContaining(['host', 'content-length', ...names(KEPT)]));
    expect(rawHeaders.join('\n')).not.toMatch(/secret|c2VjcmV0|nominated|second/i);
    // The one that is there is leash's own, for its own hop.
    const at = arrived.indexOf('connection');
    expect(rawHeaders[at * 2 + 1]).toMatch(/^(?:keep-alive|close)$/);
    expect(arrived.lastIndexOf('connection')).toBe(at);
  });
});
