// Answers that are not simply a head and a body, and requests that wait for a word before their body,
// from each version of HTTP to each.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectThrough, readUntil } from '../support/raw.ts';
import { type RawOrigin, startRawOrigin } from '../support/raw-origin.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';
import { tempDir } from '../support/temp-dir.ts';
import { makeTestCa } from '../support/test-ca.ts';

const dir = await tempDir();
const origins: Partial<Record<'h1' | 'h2', Origin>> = {};
let proxy: TestProxy;

function answer(request: IncomingMessage, response: ServerResponse): void {
  switch (request.url) {
    case '/length':
      response.writeHead(200, { 'content-length': '5000', 'content-type': 'text/plain' });
      response.end(request.method === 'HEAD' ? undefined : 'x'.repeat(5000));
      return;
    case '/204':
    case '/304':
      response.writeHead(Number(request.url?.slice(1)), { etag: '"a"' });
      response.end();
      return;
    case '/empty':
      response.end();
      return;
    case '/range':
      response.writeHead(206, { 'content-range': 'bytes 2-4/10', 'content-length': '3' });
      response.end('cde');
      return;
    case '/hints':
      response.writeEarlyHints({ link: '</a.css>; rel=preload' });
      response.end('late');
      return;
    case '/413':
      // The client is still sending.
      response.writeHead(413, { 'content-length': '7' });
      response.end('too big');
      return;
    default:
      request.resume();
      request.once('end', () => response.end('read'));
  }
}

beforeAll(async () => {
  const ca = await makeTestCa(dir.path);
  for (const proto of ['h1', 'h2'] as const) {
    const tls = { names: ['localhost'], ca, http2: proto === 'h2' };
    origins[proto] = await startOrigin({ tls, handler: answer });
  }
  proxy = await startProxy({ rootsFile: ca.caFile });
});
afterAll(async () => {
  await proxy.close();
  for (const origin of Object.values(origins)) await origin.close();
  await dir.close();
});
beforeEach(async () => {
  await proxy.forget();
});

const PAIRS = [
  ['h1', 'h1'],
  ['h1', 'h2'],
  ['h2', 'h1'],
  ['h2', 'h2'],
] as const;

describe.each(PAIRS)('%s to %s', (from, to) => {
  const url = (path: string) => `https://localhost:${origins[to]?.port}${path}`;
  const curl = (...args: string[]) => proxy.curl(from === 'h1' ? '--http1.1' : '--http2', ...args);
  /** The record of the one exchange. */
  async function outcome() {
    const ended = await proxy.ended(2);
    return ended.find(({ event }) => event !== 'connect_closed');
  }

  it('HEAD has the length of what it does not have', async () => {
    const { stdout } = await curl('--head', url('/length'));
    expect(stdout).toMatch(/content-length: 5000/i);
    expect(await outcome()).toMatchObject({ event: 'allowed', fields: { status: 200, bytes: 0 } });
  });

  it.each([
    ['/204', 204, ''],
    ['/304', 304, ''],
    ['/empty', 200, ''],
    ['/range', 206, 'cde'],
    ['/length', 200, 'x'.repeat(5000)],
  ])('%s', async (path, status, body) => {
    const { stdout } = await curl('-H', 'Range: bytes=2-4', '-w', ' %{http_code}', url(path));
    expect(stdout).toBe(`${body} ${status}`);
    expect(await outcome()).toMatchObject({
      event: 'allowed',
      fields: { status, bytes: body.length, proto: from },
    });
  });

  it('early hints come first, with their links', async () => {
    const { stdout } = await curl('-i', url('/hints'));
    expect(stdout).toMatch(
      /HTTP\/[\d.]+ 103[\s\S]*link: <\/a\.css>; rel=preload[\s\S]*HTTP\/[\d.]+ 200[\s\S]*late$/i,
    );
  });

  it('an answer during the upload reaches the client, and the record says what was sent', async () => {
    const upload = ['--data-binary', `@${process.execPath}`, '-H', 'Expect:'];
    const { stdout } = await curl(...upload, '-w', ' %{http_code}', url('/413'));
    expect(stdout).toBe('too big 413');
    expect(await outcome()).toMatchObject({
      event: 'allowed',
      fields: { status: 413, bytes: 7, req_unfinished: true },
    });
  });

  it('who waits for a 100 gets it from the upstream, and then the answer', async () => {
    const expecting = ['-H', 'Expect: 100-continue', '--expect100-timeout', '30'];
    const before = performance.now();
    const { stdout } = await curl('-i', ...expecting, '--data', 'body', url('/up'));
    if (from === 'h1') expect(stdout).toMatch(/^[\s\S]*HTTP\/1\.1 100 Continue/);
    expect(stdout).toMatch(/read$/);
    expect(performance.now() - before).toBeLessThan(5_000);
    expect(await outcome()).toMatchObject({ event: 'allowed', fields: { req_bytes: 4 } });
  });
});

describe('Expect: 100-continue, where the upstream', () => {
  let raw: RawOrigin;
  let reply = '';
  beforeAll(async () => {
    raw = await startRawOrigin({ answer: () => reply });
  });
  afterAll(() => raw.close());

  const head = (bytes: number) =>
    `POST / HTTP/1.1\r\nHost: 127.0.0.1:${raw.port}\r\nExpect: 100-continue\r\nContent-Length: ${bytes}\r\n\r\n`;

  it('says nothing: leash does, after a second', async () => {
    reply = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n';
    const { socket } = await connectThrough(proxy.port, `127.0.0.1:${raw.port}`);
    socket.write(head(4));
    const until = (text: string) => text.endsWith('\r\n\r\n');
    expect(await readUntil(socket, { until })).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('body');
    expect(await readUntil(socket, { until: (text) => text.endsWith('ok\n') })).toMatch(/ 200 /);
    socket.destroy();
  });

  it('refuses before the body: the client hears that, and nothing behind it is served', async () => {
    const early = await startOrigin({
      handler: (_request, response) => {
        response.writeHead(401, { 'content-length': '2' });
        response.end('no');
      },
      keepExpectation: true,
    });
    const authority = `127.0.0.1:${early.port}`;
    const { socket } = await connectThrough(proxy.port, authority);
    socket.write(head(4).replace(`127.0.0.1:${raw.port}`, authority));
    const answer = await readUntil(socket, { until: (text) => text.endsWith('no') });
    expect(answer).toMatch(/^HTTP\/1\.1 401 [\s\S]*connection: close/i);
    // A client may take its next request for one; a server may take it for the body.
    socket.write(`GET /second HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
    await readUntil(socket);
    expect(early.requests.map(({ url }) => url)).toEqual(['/']);
    await early.close();
  });
});
