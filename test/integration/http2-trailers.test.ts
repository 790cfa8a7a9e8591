// Trailers and heads at their limits: what does not fit beside all else in a record goes nowhere, is
// said, and ends nobody but who sent it.

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { MAX_RECORD_BYTES } from '../../src/shared/audit-event.ts';
import { formatMembers } from '../../src/shared/audit-line.ts';
import {
  END_HEADERS,
  END_STREAM,
  FRAME,
  frame,
  headerBlock,
  openRawHttp2,
} from '../support/http2-frames.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';

let origin: Origin;
let proxy: TestProxy;
/** What the origin sends: fields of its head, then of its trailers. */
let sent: { head: Record<string, string>; trailers: Record<string, string> };

beforeAll(async () => {
  origin = await startOrigin({
    tls: { names: ['localhost'], http2: true },
    handler(request, response) {
      response.writeHead(200, sent.head);
      request.resume();
      request.once('end', () => {
        response.write('body');
        response.addTrailers(sent.trailers);
        response.end();
      });
    },
  });
  proxy = await startProxy({ rootsFile: origin.caFile });
});
afterAll(async () => {
  await proxy.close();
  await origin.close();
});
beforeEach(async () => {
  sent = { head: {}, trailers: {} };
  await proxy.forget();
});

const authority = () => `localhost:${origin.port}`;
const url = () => `https://${authority()}/`;
const many = (name: string, count: number, value: string) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`${name}${n}`, value]));
async function outcome() {
  const ended = await proxy.ended(2);
  return ended.find(({ event }) => event !== 'connect_closed');
}

it.each(['--http1.1', '--http2'])('trailers of some size pass, %s', async (version) => {
  sent.trailers = many('x-t', 40, 'y'.repeat(200));
  const { code } = await proxy.curl(version, '-o', '/dev/null', url());
  expect(code).toBe(0);
  const { fields } = (await outcome()) ?? {};
  expect(fields?.res_trailers).toHaveLength(40);
});

it.each(['--http1.1', '--http2'])(
  'an answer whose trailers are too long is broken off, %s',
  async (version) => {
    sent.trailers = many('x-t', 30, 'y'.repeat(1000));
    const { code } = await proxy.curl(version, '-o', '/dev/null', url());
    expect(code).not.toBe(0);
    expect(await outcome()).toMatchObject({
      event: 'error',
      fields: {
        res_trailers: [['left out', expect.stringMatching(/^30\d{3} bytes of trailers$/)]],
      },
    });
  },
);

it('an answer whose head is too large is none', async () => {
  sent.head = many('x-h', 20, 'y'.repeat(1000));
  const { stdout } = await proxy.curl('-w', ' %{http_code}', url());
  expect(stdout).toMatch(/upstream: head too large[\s\S]* 502$/);
});

it('a client whose trailers are too long loses its request, and the record is within its bounds', async () => {
  const connection = await openRawHttp2(proxy.port, authority(), proxy.caPem);
  // Each of these bytes takes six in the record.
  const wide = '\x85'.repeat(1000);
  const fields = [
    [':method', 'POST'],
    [':scheme', 'https'],
    [':path', '/'],
    [':authority', authority()],
    ...Array.from({ length: 14 }, (_, n) => [`x-h${n}`, wide]),
  ] as [string, string][];
  const trailers = Array.from({ length: 14 }, (_, n) => [`x-t${n}`, wide] as [string, string]);
  connection.socket.write(
    Buffer.concat([
      frame(FRAME.headers, END_HEADERS, 1, headerBlock(fields)),
      frame(FRAME.data, 0, 1, Buffer.from('up')),
      frame(FRAME.headers, END_HEADERS | END_STREAM, 1, headerBlock(trailers)),
    ]),
  );
  const record = await expect
    .poll(() => proxy.link.records.find(({ event }) => event === 'error'))
    .toMatchObject({ fields: { req_trailers: [['left out', expect.any(String)]] } })
    .then(() => proxy.link.records.find(({ event }) => event === 'error'));
  expect(Buffer.byteLength(formatMembers(record?.fields ?? {}))).toBeLessThan(MAX_RECORD_BYTES);
  connection.outer.destroy();
});
