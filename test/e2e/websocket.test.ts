// WebSocket through the built program: on disk, in the viewer, in bounded memory, and closed by a change
// of the policy while messages are under way. B-08, B-09 and A-09 of the acceptance checks.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import type { FlowFields } from '../../src/shared/audit-event.ts';
import { peakMemory } from '../support/process-memory.ts';
import { type Leash, LOOPBACK_POLICY, startLeash } from '../support/start-leash.ts';
import { startWsOrigin, type WsOrigin } from '../support/start-ws-origin.ts';
import { messagesIn } from '../support/websocket-bytes.ts';
import { close, echo, open, type Via } from '../support/ws-client.ts';

const MIB = 1024 * 1024;
let origin: WsOrigin;
let leash: Leash;
let via: Via;

beforeAll(async () => {
  origin = await startWsOrigin();
  leash = await startLeash({ env: { LEASH_UPSTREAM_CA: origin.caFile } });
  via = { port: leash.proxyPort, caPem: await readFile(leash.caFile, 'utf8') };
});
afterAll(async () => {
  await leash.close();
  await origin.close();
});

/** The last record of an exchange at this path, and its messages by side. */
async function ended(path: string) {
  const isEnd = (record: { event: string; url?: string }) =>
    ['allowed', 'error', 'revoked'].includes(record.event) && record.url?.endsWith(path) === true;
  const last = await leash.waitForRecords(isEnd as never);
  const records = (await leash.records()).filter(({ id }) => id === last.id);
  const sideOf = (direction: string) =>
    messagesIn(records.filter((record) => record.direction === direction) as FlowFields[]);
  return { last, client: sideOf('client'), server: sideOf('server') };
}

describe('B-09 a WebSocket', () => {
  it('is on disk message by message, in a chain that verifies, and in the viewer', async () => {
    const socket = await open(via, origin.port, { path: '/disk', perMessageDeflate: true });
    const texts = Array.from({ length: 200 }, (_, n) => `{"n":${n},"text":"${'word '.repeat(n)}"}`);
    for (const text of texts) expect((await echo(socket, text)).toString()).toBe(text);
    await close(socket, 1000, 'done');
    const { last, client, server } = await ended('/disk');
    expect(last).toMatchObject({ event: 'allowed', status: 101, proto: 'ws' });
    for (const side of [client, server]) {
      expect(side.map(({ payload }) => payload.toString())).toEqual([...texts, 'done']);
    }
    expect((await leash.verifyChain()).code).toBe(0);
    const answer = await fetch(`${leash.viewerUrl}/api/logs/${last.id}?seq=${last.seq}`);
    const flow = (await answer.json()) as { messages: { text: string }[]; more_messages: boolean };
    expect(flow.messages).toHaveLength(200);
    expect(flow.more_messages).toBe(true);
    expect(flow.messages.at(-3)?.text).toMatch(/^\{"n":199,"text":"word word/);
  });
});

describe('A-09 WebSockets with much to say', () => {
  it('take little memory: 20 at once, 16 MB each way, compressed and not', async () => {
    const quiet = await open(via, origin.port, { path: '/quiet' });
    await echo(quiet, 'x');
    const [worker = 0] = leash.workerPids();
    const before = peakMemory(worker);
    const data = Buffer.alloc(4 * MIB, 'a line of text that repeats itself a little\n');
    const sockets = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        open(via, origin.port, { path: '/much', perMessageDeflate: n % 2 === 0 }),
      ),
    );
    await Promise.all(
      sockets.map(async (socket) => {
        for (let n = 0; n < 4; n += 1) await echo(socket, data);
        await close(socket);
      }),
    );
    expect(peakMemory(worker) - before).toBeLessThan(100 * MIB);
    await close(quiet);
  });
});

describe('B-08 a change of the policy', () => {
  it('closes a WebSocket under load within a second, and says so on the record', async () => {
    const socket = await open(via, origin.port, { path: '/load' });
    let received = 0;
    socket.on('message', () => {
      received += 1;
      for (let n = 0; n < 2; n += 1) {
        if (socket.readyState === socket.OPEN && socket.bufferedAmount < MIB) {
          socket.send(Buffer.alloc(1000));
        }
      }
    });
    socket.send('go');
    await expect.poll(() => received, { timeout: 10_000 }).toBeGreaterThan(1000);
    const closed = once(socket as WebSocket, 'close');
    await leash.writePolicy({ ...LOOPBACK_POLICY, mode: 'enforce\n' });
    const startMs = performance.now();
    await closed;
    expect(performance.now() - startMs).toBeLessThan(1000);
    const { last } = await ended('/load');
    expect(last).toMatchObject({ event: 'revoked', reason: 'not_in_allowlist', proto: 'ws' });
    expect((await leash.verifyChain()).code).toBe(0);
  });
});
