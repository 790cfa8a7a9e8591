// WebSockets that flood: all of it goes through, all of it is on the record, and nobody else waits.

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/shared/limits.ts';
import type { LogRecord } from '../support/leash-records.ts';
import { connectThrough, readUntil } from '../support/raw.ts';
import { type Leash, startLeash } from '../support/start-leash.ts';
import { startWsOrigin, type WsOrigin } from '../support/start-ws-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import { frame } from '../support/websocket-bytes.ts';
import { handshakeHead } from '../support/ws-client.ts';

const COUNT = 400_000;
/** With a record for each message, another client waited longer. */
const ANSWER_MS = 1000;

let origin: WsOrigin;
let leash: Leash;

beforeAll(async () => {
  origin = await startWsOrigin({ tls: false });
  leash = await startLeash();
});
afterAll(async () => {
  await leash.close();
  await origin.close();
});

const authority = () => `127.0.0.1:${origin.port}`;
const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest('hex');

/** Asks again and again on a connection of its own, until it is told to stop; gives the longest wait. */
async function askAlong(): Promise<() => Promise<number>> {
  const { socket } = await connectThrough(leash.proxyPort, authority());
  let asking = true;
  const asked = (async () => {
    let longestMs = 0;
    while (asking) {
      const startMs = performance.now();
      socket.write(`GET /x HTTP/1.1\r\nHost: ${authority()}\r\n\r\n`);
      await readUntil(socket, { until: (text) => text.endsWith('1.1\n') });
      longestMs = Math.max(longestMs, performance.now() - startMs);
    }
    socket.destroy();
    return longestMs;
  })();
  return () => {
    asking = false;
    return asked;
  };
}

describe('a flood of messages of one byte', () => {
  it.each([
    ['text', 1],
    ['pings', 9],
  ])('goes through, is on the record, and others are answered: %s', async (_what, opcode) => {
    const letters = Array.from('abcdefgh', (payload) => frame({ opcode, payload }));
    const all = Buffer.concat(Array.from({ length: COUNT / 8 }, () => letters).flat());
    const strayBefore = origin.stray().length;
    const recordsBefore = (await leash.records()).length;
    const { socket } = await connectThrough(leash.proxyPort, authority());
    socket.write(handshakeHead('/raw', authority()));
    await readUntil(socket, { until: (text) => text.includes('\r\n\r\n') });
    const stop = await askAlong();
    socket.write(all);
    const arrived = () => origin.stray().length - strayBefore >= all.length;
    await waitFor(arrived, { what: 'all bytes', timeoutMs: 15_000, everyMs: 5 });
    const longestMs = await stop();
    socket.destroy();
    expect(sha256(Buffer.from(origin.stray().slice(strayBefore), 'latin1'))).toBe(sha256(all));
    const isEnd = ({ event, url = '' }: LogRecord) => event !== 'intent' && url.endsWith('/raw');
    const ended = async () => (await leash.records()).slice(recordsBefore).some(isEnd);
    await waitFor(ended, { what: 'the end of the WebSocket', timeoutMs: 10_000 });
    const records = (await leash.records()).slice(recordsBefore);
    const messages = records.filter(({ event }) => event === 'websocket');
    const count = messages.reduce((sum, record) => sum + Number(record.messages ?? 1), 0);
    expect(count).toBe(COUNT);
    expect(messages.map(({ body }) => body).join('')).toBe('abcdefgh'.repeat(COUNT / 8));
    for (const { truncated } of messages) expect(truncated).toBeUndefined();
    // As many as the seconds that it took allow.
    expect(messages.length).toBeLessThan(15 * LIMITS.webSocketRecordsPerSecond);
    expect(longestMs).toBeLessThan(ANSWER_MS);
  });
});
