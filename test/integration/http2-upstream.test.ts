// HTTP/2 to an upstream: whose connections are shared, what is sent again, and when an answer is whole.

import { constants, connect as http2Connect } from 'node:http2';
import { connect as tlsConnect } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { originRoutes } from '../support/origin-routes.ts';
import { connectThrough } from '../support/raw.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';

let origin: Origin;
let proxy: TestProxy;
/** So many requests are reset with this code before their answer. */
let refusals = { left: 0, code: 0 };

beforeAll(async () => {
  origin = await startOrigin({
    tls: { names: ['localhost'], http2: true },
    handler(request, response) {
      if (refusals.left > 0) {
        refusals.left -= 1;
        (response as unknown as { stream: { close(code: number): void } }).stream.close(
          refusals.code,
        );
      } else if (request.url === '/endless') {
        response.writeHead(200, { 'content-length': '5' });
        response.write('hello');
      } else return originRoutes(request, response);
    },
  });
  proxy = await startProxy({ rootsFile: origin.caFile });
});
afterAll(async () => {
  await proxy.close();
  await origin.close();
});
beforeEach(async () => {
  refusals = { left: 0, code: 0 };
  await proxy.forget();
  origin.requests.length = 0;
});

const url = (path: string) => `https://localhost:${origin.port}${path}`;
const exchanges = async (count: number) =>
  (await proxy.ended(count)).filter(({ event }) => event !== 'connect_closed');

it('an answer is whole when the client has what its length announced, also without its end', async () => {
  const { stdout, code } = await proxy.curl(url('/endless'));
  expect([stdout, code]).toEqual(['hello', 0]);
  expect(await exchanges(2)).toMatchObject([
    { event: 'allowed', fields: { status: 200, bytes: 5, proto: 'h1', upstream_proto: 'h2' } },
  ]);
});

it('many requests of one client at once share a connection, which is theirs alone', async () => {
  const before = origin.connections();
  const bodies = await Promise.all(['a', 'b'].map((name) => twenty(name)));
  expect(bodies.flat()).toHaveLength(40);
  // The same client by two tunnels: one connection. Another agent has another (upstream-pool.test.ts).
  expect(origin.connections() - before).toBeLessThanOrEqual(2);
  expect(await exchanges(42)).toHaveLength(40);
});

describe('a request that the upstream resets before its answer', () => {
  const { NGHTTP2_REFUSED_STREAM, NGHTTP2_INTERNAL_ERROR } = constants;

  it.each(['GET', 'POST'])(
    'is sent once more where it was not processed (RFC 9113 8.7): %s',
    async (method) => {
      refusals = { left: 1, code: NGHTTP2_REFUSED_STREAM };
      const { code } = await proxy.curl('--http2', '-X', method, url('/echo'));
      expect(code).toBe(0);
      expect(origin.requests).toHaveLength(2);
      expect(await exchanges(2)).toMatchObject([{ event: 'allowed', fields: { attempts: 2 } }]);
    },
  );

  it('is not sent a third time', async () => {
    refusals = { left: 2, code: NGHTTP2_REFUSED_STREAM };
    const { output } = await proxy.curl('--http2', '-w', '%{http_code}', url('/echo'));
    expect(output.toString()).toMatch(/reset refused_stream[\s\S]*502$/);
    expect(origin.requests).toHaveLength(2);
  });

  it.each([
    ['with a body', NGHTTP2_REFUSED_STREAM, ['--data', 'x']],
    ['with another code', NGHTTP2_INTERNAL_ERROR, []],
  ])('is an error %s', async (_name, code, args) => {
    refusals = { left: 1, code };
    const { output } = await proxy.curl('--http2', '-w', '%{http_code}', ...args, url('/echo'));
    expect(output.toString()).toMatch(/502$/);
    expect(origin.requests).toHaveLength(1);
    expect(await exchanges(2)).toMatchObject([{ event: 'error', fields: { status: 502 } }]);
  });
});

/** Twenty requests at once on one connection of HTTP/2. */
async function twenty(name: string): Promise<string[]> {
  const { socket: outer } = await connectThrough(proxy.port, `localhost:${origin.port}`);
  const socket = tlsConnect({
    socket: outer,
    servername: 'localhost',
    ca: proxy.caPem,
    ALPNProtocols: ['h2'],
  });
  const session = http2Connect(url('/'), { createConnection: () => socket });
  const bodies = Array.from({ length: 20 }, (_, n) => {
    const stream = session.request({ ':path': `/echo?${name}${n}` });
    return stream.toArray().then((chunks) => Buffer.concat(chunks).toString());
  });
  const all = await Promise.all(bodies);
  session.close();
  return all;
}
