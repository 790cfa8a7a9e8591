import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeBytes } from '../../../../src/viewer/decode/decode-task.ts';
import type { Decode } from '../../../../src/viewer/decode/decoder.ts';
import { type Flow, readFlow } from '../../../../src/viewer/store/flow.ts';
import { LogFolder } from '../../../../src/viewer/store/log-folder.ts';
import { type LogQuery, parseLogQuery } from '../../../../src/viewer/store/log-params.ts';
import { searchLog } from '../../../support/search-log.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';
import { type Entry, writeLog } from '../../../support/write-log.ts';

let dir: TempDir;
let logPath: string;
let deps: { log: LogFolder; now: () => number; nowMs: () => number; decode: Decode };
beforeEach(async () => {
  dir = await tempDir();
  logPath = join(dir.path, 'egress.jsonl');
  deps = { log: new LogFolder(logPath), now: () => 0, nowMs: () => 0, decode: decodeBytes };
});
afterEach(() => dir.close());

const ID = '1-1-5';
const INTENT: Entry = { event: 'intent', id: ID, host: 'api.test', url: 'https://api.test/' };
const ENDED: Entry = { event: 'allowed', id: ID, status: 101, proto: 'ws', res_body: '' };
const message = (direction: string, fields: Record<string, unknown>): Entry => ({
  event: 'websocket',
  id: ID,
  direction,
  opcode: 1,
  ...fields,
});

async function rows() {
  return (await searchLog(deps, parseLogQuery({ limit: '1000' }) as LogQuery)).rows;
}

async function flowOf(at: string): Promise<Flow> {
  const found = await readFlow(deps, { id: ID, at, redact: true });
  if (found === null) throw new Error('no flow');
  return found;
}

const LONG = [
  message('client', { body: 'a'.repeat(1000), more: true }),
  message('server', { body: 'of the other side', more: true }),
  message('client', { opcode: 9, bytes: 4, body: 'ping' }),
  message('client', { offset: 1000, body: 'b'.repeat(1000), more: true }),
  message('client', { bytes: 5000, parts: 2, truncated: 'limit', sha256: 'c'.repeat(64) }),
];

describe('WebSocketStore', () => {
  it('joins the pieces of the message that is asked for, and of no other', async () => {
    const other = message('client', { body: 'before', more: true });
    const end = message('client', { bytes: 6, parts: 1 });
    await writeLog(logPath, [INTENT, other, end, ...LONG, message('client', { bytes: 1 }), ENDED]);
    const all = await rows();
    expect(all.map(({ summary }) => summary)).toEqual([
      '',
      'WebSocket message sent, 1 bytes',
      'WebSocket message sent, 5000 bytes',
      'WebSocket ping sent, 4 bytes',
      'WebSocket message sent, 6 bytes',
    ]);
    const long = await flowOf(all[2]?.at ?? '');
    expect(long.request.body).toMatchObject({
      text: `${'a'.repeat(1000)}${'b'.repeat(1000)}`,
      ...{ wire_bytes: 5000, truncated: 'limit', sha256: 'c'.repeat(64), missing_parts: 0 },
    });
    expect(long.response.body.text).toBe('');
    expect(long.messages).toEqual([]);
    expect((await flowOf(all[4]?.at ?? '')).request.body.text).toBe('before');
  });

  it('lists the messages of a flow in order, by their beginning', async () => {
    const text = `{"model":\n  "x"} ${'y'.repeat(500)}`;
    await writeLog(logPath, [
      INTENT,
      ...LONG,
      message('server', { bytes: text.length, body: text }),
      message('server', { opcode: 2, bytes: 3, body: 'AAAA', encoding: 'base64' }),
      message('server', { opcode: 8, bytes: 2, code: 1000 }),
      ENDED,
    ]);
    const flow = await flowOf((await rows())[0]?.at ?? '');
    expect(flow.messages.map((line) => [line.direction, line.text || line.summary])).toEqual([
      ['client', 'ping'],
      ['client', 'WebSocket message sent, 5000 bytes'],
      ['server', `{"model": "x"} ${'y'.repeat(500)}`.slice(0, 200)],
      ['server', 'WebSocket message received, 3 bytes'],
      ['server', 'WebSocket close 1000 received, 2 bytes'],
    ]);
    expect(flow.more_messages).toBe(false);
    expect(flow.complete).toBe(true);
  });

  it('lists the last messages of many, also while the connection is open', async () => {
    const many = Array.from({ length: 250 }, (_, n) => message('server', { body: `${n}` }));
    await writeLog(logPath, [INTENT, ...many]);
    const running = (await rows()).find(({ event }) => event === 'intent');
    const flow = await flowOf(running?.at ?? '');
    expect(flow.messages).toHaveLength(200);
    expect(flow.messages[0]?.text).toBe('50');
    expect(flow.messages.at(-1)?.text).toBe('249');
    expect(flow.more_messages).toBe(true);
  });
});
