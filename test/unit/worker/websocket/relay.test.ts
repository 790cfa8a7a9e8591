import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LIMITS } from '../../../../src/shared/limits.ts';
import { MessageTap } from '../../../../src/worker/websocket/message-tap.ts';
import {
  type FrameTap,
  type RelayInput,
  WebSocketRelay,
} from '../../../../src/worker/websocket/relay.ts';
import { socketPair } from '../../../support/socket-pair.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { frame } from '../../../support/websocket-bytes.ts';

class CountingTap implements FrameTap {
  readonly chunks: Buffer[] = [];
  atBoundary = true;
  finished = 0;
  push(chunk: Buffer): void {
    this.chunks.push(Buffer.from(chunk));
  }
  finish(): void {
    this.finished += 1;
  }
  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

type Options = Partial<Pick<RelayInput, 'idleMs' | 'clientHead' | 'upstreamHead' | 'taps'>>;

/** A relay between two real connections: `agent` and `server` are their far ends. */
async function setup(options: Options = {}) {
  const [[agent, client], [server, upstream]] = await Promise.all([socketPair(), socketPair()]);
  sockets.push(agent, client, server, upstream);
  for (const side of [client, upstream]) side.allowHalfOpen = true;
  const taps = { client: new CountingTap(), server: new CountingTap() };
  const ends: string[] = [];
  const relay = new WebSocketRelay({
    ...{ client, upstream, taps, idleMs: 60_000 },
    ...{ clientHead: Buffer.alloc(0), upstreamHead: Buffer.alloc(0) },
    onEnd: (reason) => ends.push(reason),
    ...options,
  });
  const got = { agent: received(agent), server: received(server) };
  const ended = () => waitFor(() => ends.length > 0, { what: 'the relay to end', everyMs: 5 });
  return { agent, server, client, upstream, relay, taps, ends, got, ended };
}

function received(socket: Socket) {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => {});
  return () => Buffer.concat(chunks);
}

function until(what: string, check: () => boolean) {
  return waitFor(check, { what, everyMs: 5 });
}

describe('WebSocketRelay', () => {
  // Invariant: what one side sends is what the other gets; the taps, and their errors, change nothing.
  it('carries both ways what came, what came before it, and shows it to the taps', async () => {
    const [up, down] = [randomBytes(3_000_000), randomBytes(2_000_000)];
    const heads = { clientHead: up.subarray(0, 1000), upstreamHead: down.subarray(0, 7) };
    const { agent, server, relay, taps, ends, got, ended } = await setup(heads);
    agent.end(up.subarray(1000));
    server.end(down.subarray(7));
    await Promise.all([ended(), once(agent, 'close'), once(server, 'close')]);
    expect(got.server().equals(up)).toBe(true);
    expect(got.agent().equals(down)).toBe(true);
    expect(taps.client.bytes.equals(up)).toBe(true);
    expect(taps.server.bytes.equals(down)).toBe(true);
    expect(relay.bytes).toEqual({ toServer: up.length, toClient: down.length });
    expect(ends).toEqual(['']);
    expect(taps.client.finished).toBeGreaterThan(0);
    expect(taps.server.finished).toBeGreaterThan(0);
  });

  it.each(['agent', 'server'] as const)(
    'lets the other go on when the %s ends first',
    async (first) => {
      const { agent, server, got, ends, ended } = await setup();
      const second = first === 'agent' ? server : agent;
      second.allowHalfOpen = true;
      (first === 'agent' ? agent : server).end('last words');
      await once(second, 'end');
      second.end('still here');
      await ended();
      // The relay has handed it on; it is still to be read.
      await until('the last words', () => got[first]().toString() === 'still here');
      expect(ends).toEqual(['']);
    },
  );

  it('reads no faster than the other side does', async () => {
    const { agent, server, client, upstream } = await setup();
    server.pause();
    const chunk = Buffer.alloc(1024 * 1024);
    for (let n = 0; n < 64; n += 1) agent.write(chunk);
    await until('the relay to wait', () => client.isPaused() && upstream.writableNeedDrain);
    expect(upstream.writableLength).toBeLessThan(1024 * 1024);
    server.resume();
    await until('all to arrive', () => server.bytesRead === 64 * chunk.length);
  });

  it.each(['agent', 'server'] as const)('ends both sides when the %s breaks off', async (side) => {
    const { agent, server, ends, ended } = await setup();
    const [broken, other] = side === 'agent' ? [agent, server] : [server, agent];
    const closed = once(other, 'close');
    broken.resetAndDestroy();
    await Promise.all([closed, ended()]);
    expect(ends).toEqual([`${side === 'agent' ? 'client' : 'upstream'}: ECONNRESET`]);
  });

  it('ends when a side was gone before it began', async () => {
    const [[agent, client], [server, upstream]] = await Promise.all([socketPair(), socketPair()]);
    sockets.push(agent, client, server, upstream);
    client.destroy();
    upstream.destroy();
    const reason = await new Promise((resolve) => {
      new WebSocketRelay({
        ...{ client, upstream, idleMs: 1000, onEnd: resolve },
        ...{ clientHead: Buffer.from('x'), upstreamHead: Buffer.from('y') },
        taps: { client: new CountingTap(), server: new CountingTap() },
      });
    });
    expect(reason).toMatch(/closed/);
  });

  it('ends after silence, and not while something is said', async () => {
    const { agent, server, ends, ended } = await setup({ idleMs: 200 });
    const startMs = performance.now();
    const talksMs = 400;
    server.on('data', () => server.write('.'));
    agent.on('data', () => {
      if (performance.now() - startMs < talksMs) agent.write('.');
    });
    agent.write('.');
    await ended();
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(talksMs + 190);
    expect(ends).toEqual(['silent for too long']);
  });

  it('waits for the second side to end for less long than for the first', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { agent, server, upstream, ends } = await setup();
      server.allowHalfOpen = true;
      const gone = [once(server, 'end'), once(upstream, 'close')] as const;
      agent.end();
      await gone[0];
      vi.advanceTimersByTime(LIMITS.webSocketHalfMs - 1);
      expect(upstream.destroyed).toBe(false);
      vi.advanceTimersByTime(1);
      await gone[1];
      await new Promise((resolve) => setImmediate(resolve));
      expect(ends).toEqual(['silent for too long']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('end() closes both at once, with its reason, and is heard once', async () => {
    const { relay, agent, server, ends, ended } = await setup();
    const closed = Promise.all([once(agent, 'close'), once(server, 'close')]);
    relay.end('shutdown');
    relay.end('again');
    await Promise.all([closed, ended()]);
    expect(ends).toEqual(['shutdown']);
  });
});

describe('WebSocketRelay.closeWith()', () => {
  it('sends each side a close frame of its kind, and nothing after it', async () => {
    const { relay, agent, server, got, ended, ends } = await setup();
    agent.write('before');
    server.write('before');
    await until('both to arrive', () => got.server().length + got.agent().length === 12);
    const startMs = performance.now();
    relay.closeWith(1008);
    relay.closeWith(1008);
    agent.write('after');
    server.write('after');
    await ended();
    expect(performance.now() - startMs).toBeLessThan(1000);
    const close = { opcode: 8, payload: Buffer.from([0x03, 0xf0]) };
    const toAgent = got.agent().subarray(6);
    const toServer = got.server().subarray(6);
    expect(toAgent).toEqual(frame({ ...close, mask: null }));
    expect(toServer).toEqual(frame({ ...close, mask: toServer.subarray(2, 6) }));
    expect(ends).toHaveLength(1);
  });

  it('cuts a side that is in the middle of a frame', async () => {
    const { relay, taps, agent, got, ended } = await setup();
    taps.server.atBoundary = false;
    const closed = once(agent, 'close');
    relay.closeWith(1008);
    await Promise.all([closed, ended()]);
    expect(got.agent()).toHaveLength(0);
    expect(got.server()).toHaveLength(8);
  });

  it('waits for no side that does not read or answer', async () => {
    const { relay, agent, server, ended, upstream } = await setup();
    server.pause();
    const chunk = Buffer.alloc(1024 * 1024);
    for (let n = 0; n < 64; n += 1) agent.write(chunk);
    await until('the server to be full', () => upstream.writableNeedDrain);
    const startMs = performance.now();
    relay.closeWith(1008);
    await ended();
    expect(performance.now() - startMs).toBeLessThan(2 * LIMITS.webSocketCloseMs);
  });

  it('knows from the frames that went by whether one may stand there', async () => {
    const records: unknown[] = [];
    const tapOf = (direction: 'client' | 'server') =>
      new MessageTap({
        ...{ direction, limitBytes: 1000, skip: null, deflate: null },
        ...{ load: { streams: 0, waitingBytes: 0 }, mustCut: () => null, now: () => 0 },
        emit: (fields) => records.push(fields),
      });
    const whole = frame({ opcode: 1, payload: 'hello' });
    const { relay, got, ended } = await setup({
      taps: { client: tapOf('client'), server: tapOf('server') },
      clientHead: whole,
      upstreamHead: frame({ opcode: 1, payload: 'hello', mask: null }).subarray(0, 4),
    });
    relay.closeWith(1008);
    await ended();
    await until('the close frame', () => got.server().length > whole.length);
    expect(got.server()).toHaveLength(whole.length + 8);
    expect(got.agent().length).toBeLessThanOrEqual(4);
    expect(records).toMatchObject([
      { direction: 'client', body: 'hello' },
      { direction: 'server', body: 'he', reason: 'unfinished' },
    ]);
  });
});
