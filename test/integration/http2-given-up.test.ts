// Connections of HTTP/2 whose other side has stopped, or broken the protocol, and keeps its socket open:
// leash lets go of them, and what comes later goes over another one.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/shared/limits.ts';
import {
  END_HEADERS,
  END_STREAM,
  FRAME,
  frame,
  goaway,
  headerBlock,
  openRawHttp2,
} from '../support/http2-frames.ts';
import {
  type RawHttp2Connection,
  type RawHttp2Origin,
  startRawHttp2Origin,
} from '../support/raw-http2-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';
import { waitFor } from '../support/wait-for.ts';

let origin: RawHttp2Origin;
let proxy: TestProxy;

beforeEach(async () => {
  origin = await startRawHttp2Origin();
  proxy = await startProxy({ rootsFile: origin.caFile, env: { LEASH_EXCHANGE_IDLE_S: '1' } });
});
afterEach(async () => {
  await proxy.close();
  await origin.close();
});

const OK = [[':status', '200']] as const;
const authority = () => `localhost:${origin.port}`;
const url = () => `https://${authority()}/`;
const status = async () =>
  (await proxy.curl('-o', '/dev/null', '-w', '%{http_code}', url())).stdout;
const answerWhole = (connection: RawHttp2Connection, stream: number) =>
  connection.answer(stream, OK, END_HEADERS | END_STREAM);
/** As stream 1. */
const GET = () => {
  const pseudo = { ':method': 'GET', ':scheme': 'https', ':path': '/', ':authority': authority() };
  return frame(FRAME.headers, END_HEADERS | END_STREAM, 1, headerBlock(Object.entries(pseudo)));
};
/** Nobody may send it, on no stream: a receiver takes nothing more of who does (RFC 9113 6.1). */
const BROKEN = frame(FRAME.data, 0, 0, Buffer.from('x'));
/** Within the time that leash gives an idle or a dying connection, and some more. */
const letGo = (of: RawHttp2Connection | undefined) =>
  waitFor(() => of?.isGone(), {
    what: 'leash to let go',
    timeoutMs: LIMITS.idleUpstreamMs + 1_000,
  });

describe('an upstream', () => {
  const NEVER = () => {};
  type Played = (connection: RawHttp2Connection, stream: number) => void;

  it.each<[string, Played]>([
    ['says nothing any more', NEVER],
    ['has broken the protocol', ({ socket }) => socket.write(BROKEN)],
    ['says GOAWAY and nothing more', ({ socket }, stream) => socket.write(goaway(stream, 0))],
  ])('that %s is let go of, and the next request has another connection', async (_name, play) => {
    origin.onHead = play;
    expect(await status()).toBe('504');
    origin.onHead = (connection, stream) => connection.answer(stream, OK, END_HEADERS | END_STREAM);
    expect(await status()).toBe('200');
    expect(origin.connections).toHaveLength(2);
    await letGo(origin.connections[0]);
    expect(await proxy.ended(4)).toMatchObject([
      { event: 'error', fields: { status: 504 } },
      {},
      { event: 'allowed', fields: { status: 200 } },
      {},
    ]);
  });

  it('for which a client has waited in vain serves no other request', async () => {
    origin.onHead = NEVER;
    expect((await proxy.curl('--max-time', '0.3', url())).code).toBe(28);
    origin.onHead = answerWhole;
    expect(await status()).toBe('200');
    expect(origin.connections).toHaveLength(2);
    await letGo(origin.connections[0]);
  });

  it.each([
    ['with', true],
    ['after', false],
  ])('that says GOAWAY %s its answer, and does not close, is let go of', async (_name, with_) => {
    origin.onHead = (connection, stream) => {
      answerWhole(connection, stream);
      if (with_) connection.socket.write(goaway(stream, 0));
    };
    expect(await status()).toBe('200');
    const [connection] = origin.connections;
    if (!with_) connection?.socket.write(goaway(1, 0));
    await letGo(connection);
  });
});

describe('a client', () => {
  it('that has broken the protocol is let go of when its request fails', async () => {
    const client = await openRawHttp2(proxy.port, authority(), proxy.caPem);
    const arrived = new Promise<RawHttp2Connection>((resolve) => {
      origin.onHead = (connection, stream) => {
        connection.answer(stream, OK);
        resolve(connection);
      };
    });
    client.socket.write(GET());
    const upstream = await arrived;
    client.socket.write(BROKEN);
    await waitFor(() => client.frames.some(({ type }) => type === FRAME.goaway), {
      what: 'leash to take nothing more',
    });
    upstream.socket.destroy();
    const before = performance.now();
    await client.closed();
    expect(performance.now() - before).toBeLessThan(LIMITS.lingerMs + 1_000);
    expect(await proxy.ended(2)).toMatchObject([
      { event: 'error', fields: { reason: 'upstream: reset cancel' } },
      { event: 'connect_closed' },
    ]);
  });

  it.each([
    ['at once', false],
    ['and takes its answer', true],
  ])('that says GOAWAY %s, and does not close, is let go of', async (_name, asks) => {
    const client = await openRawHttp2(proxy.port, authority(), proxy.caPem);
    for (const socket of [client.outer, client.socket]) socket.allowHalfOpen = true;
    origin.onHead = answerWhole;
    client.socket.write(Buffer.concat([...(asks ? [GET()] : []), goaway(0, 0)]));
    const ended = await proxy.ended(asks ? 2 : 1);
    expect(ended.map(({ event }) => event)).toEqual([
      ...(asks ? ['allowed'] : []),
      'connect_closed',
    ]);
    client.outer.destroy();
  });
});
