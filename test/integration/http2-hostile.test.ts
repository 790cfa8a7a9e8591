// HTTP/2 of a client that means harm, frame by frame: names that disagree, CONNECT inside, floods. What
// is refused is on the record, what floods ends the connection, and nothing of it ends the worker.

import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  END_HEADERS,
  END_STREAM,
  FRAME,
  frame,
  headerBlock,
  openRawHttp2,
  type RawHttp2,
} from '../support/http2-frames.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';
import { waitFor } from '../support/wait-for.ts';

let origin: Origin;
let proxy: TestProxy;
let authority: string;

beforeAll(async () => {
  origin = await startOrigin({ tls: { names: ['localhost'] } });
  proxy = await startProxy({ rootsFile: origin.caFile });
  authority = `localhost:${origin.port}`;
});
afterAll(async () => {
  await proxy.close();
  await origin.close();
});
beforeEach(async () => {
  await proxy.forget();
  origin.requests.length = 0;
});

type Fields = [name: string, value: string][];
const get = (...others: Fields): Fields => [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':path', '/echo'],
  [':authority', authority],
  ...others,
];
const ask = (stream: number, fields: Fields, flags = END_HEADERS | END_STREAM) =>
  frame(FRAME.headers, flags, stream, headerBlock(fields));
const open = () => openRawHttp2(proxy.port, authority, proxy.caPem);

/** The stream's answer has come, whole or as a reset. */
function answered(connection: RawHttp2, stream: number): Promise<unknown> {
  const ends = ({ type, flags, stream: each }: RawHttp2['frames'][number]) =>
    each === stream && (type === FRAME.reset || (flags & END_STREAM && type <= FRAME.headers));
  return waitFor(() => connection.frames.some(ends), { what: `an answer on stream ${stream}` });
}

/** It still serves others. */
async function expectAlive(): Promise<void> {
  const { code } = await proxy.curl('-o', '/dev/null', '--http2', `https://${authority}/echo`);
  expect(code).toBe(0);
}

describe('a request over HTTP/2 is refused, and its neighbour is served', () => {
  it.each<[string, (fields: Fields) => Fields, number, string]>([
    ['for another authority', with_(':authority', 'other.test'), 421, 'host_mismatch'],
    ['for another port', with_(':authority', 'localhost:1'), 421, 'host_mismatch'],
    ['with userinfo', with_(':authority', 'a@localhost'), 400, 'malformed: host_header'],
    ['with another Host', (all) => [...all, ['host', 'other.test']], 421, 'host_mismatch'],
    ['with a scheme that is not spoken', with_(':scheme', 'http'), 421, 'scheme_mismatch'],
    ['with a URI as path', with_(':path', '/../x#y'), 400, 'malformed: path'],
    ['with a method in lower case', with_(':method', 'get'), 400, 'malformed: method'],
    ['with 101 fields', (all) => [...all, ...many(97)], 431, 'too_many_headers'],
    ['with 400 fields', (all) => [...all, ...many(400)], 431, 'too_many_headers'],
    ['with a head of 20 KiB', (all) => [...all, ...long(10)], 431, 'head_too_large'],
    ['when it is a CONNECT', () => connect('other.test:443'), 400, 'nested_connect'],
    ['when it is a CONNECT to the same', () => connect(authority), 400, 'nested_connect'],
  ])('%s', async (_name, change, status, reason) => {
    // Invariant: CONNECT target, SNI, Host and absolute URI agree, or the request is refused.
    const connection = await open();
    connection.socket.write(split(change(get())));
    connection.socket.write(ask(3, get()));
    await answered(connection, 1);
    await answered(connection, 3);
    connection.outer.destroy();
    const records = await proxy.ended(3);
    expect(records.find(({ event }) => event === 'blocked')?.fields).toMatchObject({
      status,
      reason,
      proto: 'h2',
    });
    expect(origin.requests.map(({ url }) => url)).toEqual(['/echo']);
  });

  it('by the protocol itself where it asks for an upgrade (RFC 8441)', async () => {
    const connection = await open();
    connection.socket.write(ask(1, [...connect(authority), [':protocol', 'websocket']]));
    await answered(connection, 1);
    connection.outer.destroy();
    expect(origin.requests).toEqual([]);
    await proxy.ended(1);
    await expectAlive();
  });

  function with_(name: string, value: string) {
    return (fields: Fields): Fields =>
      fields.map(([each, old]) => [each, each === name ? value : old]);
  }
  function many(count: number): Fields {
    return Array.from({ length: count }, (_, n) => [`x-${n}`, 'y']);
  }
  function long(count: number): Fields {
    return Array.from({ length: count }, (_, n) => [`x-${n}`, 'y'.repeat(2048)]);
  }
  function connect(to: string): Fields {
    return [
      [':method', 'CONNECT'],
      [':authority', to],
    ];
  }
  /** In as many frames as it needs. */
  function split(fields: Fields): Buffer {
    const block = headerBlock(fields);
    if (block.length <= 16_384) return ask(1, fields);
    return Buffer.concat([
      frame(FRAME.headers, END_STREAM, 1, block.subarray(0, 16_000)),
      frame(FRAME.continuation, END_HEADERS, 1, block.subarray(16_000)),
    ]);
  }
});

describe('a flood ends its connection, with the tunnel on record, and the worker goes on', () => {
  it.each([
    ['CANCEL', 8],
    ['NO_ERROR', 0],
  ])(
    'of requests that are reset at once (CVE-2023-44487), with %s',
    async (_name, number) => {
      const connection = await open();
      const code = Buffer.alloc(4);
      code.writeUInt32BE(number);
      for (let n = 0; n < 3_000 && !connection.socket.destroyed; n += 1) {
        const stream = 1 + n * 2;
        const both = Buffer.concat([ask(stream, get()), frame(FRAME.reset, 0, stream, code)]);
        if (!connection.socket.write(both)) await drained(connection);
      }
      await connection.closed();
      const tunnel = await tunnelRecord();
      expect(tunnel.fields.requests).toBeLessThanOrEqual(700);
      expect(tunnel.fields.reason).toBe('http2: too many resets');
      // Reset before they were on the log, none of them went anywhere.
      expect(origin.requests.length).toBeLessThan(50);
      await expectAlive();
    },
    20_000,
  );

  it.each<[string, () => Buffer]>([
    ['of CONTINUATION frames', () => frame(FRAME.continuation, 0, 1, headerBlock([['a', 'b']]))],
    ['of empty DATA frames', () => frame(FRAME.data, 0, 1, Buffer.alloc(0))],
    ['of frames on a stream that never was', () => frame(FRAME.reset, 0, 99, Buffer.alloc(4))],
  ])(
    '%s',
    async (name, each) => {
      const connection = await open();
      const flags = name.includes('CONTINUATION') ? 0 : END_HEADERS;
      connection.socket.write(ask(1, get().map(post), flags));
      for (let n = 0; n < 20_000 && !connection.socket.destroyed; n += 1) {
        if (!connection.socket.write(each())) await drained(connection);
      }
      await connection.closed();
      await tunnelRecord();
      await expectAlive();
    },
    20_000,
  );

  it.each<[string, () => Buffer]>([
    ['SETTINGS', () => frame(FRAME.settings, 0, 0, Buffer.alloc(0))],
    ['PING', () => frame(FRAME.ping, 0, 0, Buffer.alloc(8))],
  ])(
    'of %s whose acknowledgements nobody reads',
    async (_name, each) => {
      const connection = await open();
      connection.socket.pause();
      const before = process.memoryUsage().rss;
      for (let n = 0; n < 200_000 && !connection.socket.destroyed; n += 1) {
        if (!connection.socket.write(each())) {
          if (!(await drained(connection, 500))) break;
        }
      }
      expect(process.memoryUsage().rss - before).toBeLessThan(60 * 2 ** 20);
      connection.outer.destroy();
      await tunnelRecord();
      await expectAlive();
    },
    30_000,
  );

  function post([name, value]: [string, string]): [string, string] {
    return [name, name === ':method' ? 'POST' : value];
  }
  async function tunnelRecord() {
    const closed = () => proxy.link.records.find(({ event }) => event === 'connect_closed');
    return await waitFor(closed, { what: 'the tunnel to end', timeoutMs: 15_000 });
  }
});

/** Until more can be written, or the connection has ended; false: neither, in time. */
async function drained({ socket }: RawHttp2, timeoutMs = 10_000): Promise<boolean> {
  const signal = AbortSignal.timeout(timeoutMs);
  const events = ['drain', 'close'].map((event) => once(socket, event, { signal }));
  return await Promise.race(events).then(
    () => true,
    () => socket.destroyed,
  );
}
