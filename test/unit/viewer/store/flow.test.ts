import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeBytes } from '../../../../src/viewer/decode/decode-task.ts';
import type { Decode } from '../../../../src/viewer/decode/decoder.ts';
import { type FlowAsk, readFlow } from '../../../../src/viewer/store/flow.ts';
import { LogFolder, listSegments } from '../../../../src/viewer/store/log-folder.ts';
import { type LogQuery, parseLogQuery } from '../../../../src/viewer/store/log-params.ts';
import type { Row } from '../../../../src/viewer/store/row.ts';
import { compressSegment } from '../../../support/compress-segment.ts';
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

const rows = async (): Promise<Row[]> =>
  (await searchLog(deps, parseLogQuery({ limit: '1000' }) as LogQuery)).rows;
const flow = (ask: Partial<FlowAsk> & { id: string }) => readFlow(deps, { redact: true, ...ask });

const INTENT: Entry = { event: 'intent', id: '1-1-5', host: 'api.test', url: 'https://api.test/' };
const ALLOWED: Entry = {
  event: 'allowed',
  id: '1-1-5',
  host: 'api.test',
  url: 'https://api.test/',
  status: 200,
  req_headers: [
    ['Authorization', 'Bearer secret'],
    ['X-A', '1'],
  ],
  req_body: 'question',
  res_headers: [['Set-Cookie', 'a=b']],
  res_body: 'answer',
};
const other = (n: number, size = 0): Entry => ({
  event: 'blocked',
  id: `1-2-${n}`,
  reason: 'x'.repeat(size),
});

describe('readFlow()', () => {
  it('readFlow() joins the record that opened a flow and the one that ended it', async () => {
    await writeLog(logPath, [other(1), INTENT, other(2), ALLOWED, other(3)]);
    const found = await flow({ id: '1-1-5' });
    expect(found).toMatchObject({
      row: { id: '1-1-5', event: 'allowed', status: 200 },
      request: { body: { text: 'question' } },
      response: { body: { text: 'answer' } },
      opened: { seq: 3 },
      complete: true,
      redacted: true,
    });
    expect(Object.keys(found?.fields ?? {})).not.toContain('req_headers');
    expect(Object.keys(found?.fields ?? {})).not.toContain('res_body');
  });

  it('readFlow() hides credentials unless it is asked for them', async () => {
    await writeLog(logPath, [INTENT, ALLOWED]);
    expect((await flow({ id: '1-1-5' }))?.request.headers).toEqual([
      ['Authorization', 'Bearer [hidden: 6 characters]'],
      ['X-A', '1'],
    ]);
    const plain = await flow({ id: '1-1-5', redact: false });
    expect(plain?.request.headers[0]).toEqual(['Authorization', 'Bearer secret']);
    expect(plain?.response.headers).toEqual([['Set-Cookie', 'a=b']]);
  });

  it('readFlow() hides credentials in trailers, too', async () => {
    const trailers = { req_trailers: [['X-Api-Key', 'secret']], res_trailers: [['X-A', '1']] };
    await writeLog(logPath, [INTENT, { ...ALLOWED, ...trailers }]);
    expect((await flow({ id: '1-1-5' }))?.fields).toMatchObject({
      req_trailers: [['X-Api-Key', '[hidden: 6 characters]']],
      res_trailers: [['X-A', '1']],
    });
    const plain = await flow({ id: '1-1-5', redact: false });
    expect(plain?.fields.req_trailers).toEqual([['X-Api-Key', 'secret']]);
  });

  it('readFlow() collects the parts of both bodies, also from older segments', async () => {
    const part = (side: string, offset: number, body: string): Entry => ({
      event: 'part',
      id: '1-1-5',
      dir: side,
      offset,
      body,
    });
    const text = 'p'.repeat(60_000);
    const { req_body: _, res_body: __, ...ended } = ALLOWED;
    await writeLog(
      logPath,
      [
        INTENT,
        part('res', 0, text),
        part('req', 0, 'up'),
        other(1, 60_000),
        part('res', 60_000, text),
        { ...part('res', 0, 'not of this flow'), id: '1-1-6' },
        part('res', 120_000, 'end'),
        { ...ended, event: 'allowed', req_parts: 1, res_parts: 3 },
      ],
      100_000,
    );
    const [row] = await rows();
    expect(row?.at).not.toMatch(/^1:/);
    const found = await flow({ id: '1-1-5', at: row?.at ?? '' });
    expect(found?.response.body).toMatchObject({
      text: `${text}${text}end`,
      missing_parts: 0,
    });
    expect(found?.request.body).toMatchObject({ text: 'up', missing_parts: 0 });
    expect(found?.complete).toBe(true);
    for (const number of await listSegments(logPath)) {
      compressSegment(join(dir.path, `egress.${number}.jsonl`));
    }
    expect(await flow({ id: '1-1-5', at: row?.at ?? '' })).toEqual(found);
    expect(await flow({ id: '1-1-5', seq: row?.seq ?? 0 })).toEqual(found);
  });

  it('readFlow() finds a row by its place or by its number', async () => {
    await writeLog(logPath, [
      ...Array.from({ length: 50 }, (_, n) => other(n, 20_000)),
      { event: 'blocked', id: '-', reason: 'a' },
      { event: 'blocked', id: '-', reason: 'b' },
      ...Array.from({ length: 50 }, (_, n) => other(n, 20_000)),
    ]);
    const all = await rows();
    expect(all).toHaveLength(102);
    for (const row of all) {
      expect((await flow({ id: row.id, at: row.at }))?.row).toEqual(row);
      expect((await flow({ id: row.id, seq: row.seq ?? 0 }))?.row).toEqual(row);
    }
  });

  it('readFlow() of a row that was running gives its end when that came', async () => {
    await writeLog(logPath, [INTENT]);
    const [running] = await rows();
    const ask = { id: '1-1-5', at: running?.at ?? '' };
    expect((await flow(ask))?.row.class).toBe('running');
    await writeLog(logPath, [...Array.from({ length: 20 }, (_, n) => other(n, 50_000)), ALLOWED]);
    expect((await flow(ask))?.row).toMatchObject({ class: 'allowed', status: 200 });
  });

  it('readFlow() gives the one message that was asked for, not the end of its flow', async () => {
    const message = (direction: string, body: string): Entry => ({
      event: 'websocket',
      id: '1-1-5',
      direction,
      bytes: body.length,
      body,
    });
    await writeLog(logPath, [
      INTENT,
      message('client', 'ping'),
      message('server', 'pong'),
      { ...ALLOWED, res_body: '' },
    ]);
    const [, pong, ping] = await rows();
    expect(await flow({ id: '1-1-5', at: ping?.at ?? '' })).toMatchObject({
      row: { event: 'websocket' },
      request: { body: { text: 'ping', wire_bytes: 4 } },
      response: { body: { text: '' } },
    });
    expect(await flow({ id: '1-1-5', at: pong?.at ?? '' })).toMatchObject({
      request: { body: { text: '' } },
      response: { body: { text: 'pong' } },
    });
  });

  it('readFlow() says when it did not find the beginning', async () => {
    await writeLog(logPath, [other(1), ALLOWED]);
    expect(await flow({ id: '1-1-5' })).toMatchObject({ complete: false, opened: null });
    const blocked = await flow({ id: '1-2-1' });
    expect(blocked).toMatchObject({ complete: true, row: { class: 'blocked' } });
  });

  it('readFlow() stops when its time is over', async () => {
    const behind = [1, 2, 3].map((n) => other(n, 200_000));
    await writeLog(logPath, [INTENT, ALLOWED, ...behind]);
    let clock = 0;
    deps.now = () => {
      clock += 3000;
      return clock;
    };
    expect(await flow({ id: '1-1-5' })).toBeNull();
  });

  it.each([
    { id: '1-9-9' },
    { id: '1-1-5', at: '1:7' },
    { id: '1-1-5', at: '99:0' },
    { id: '1-2-1', seq: 3 },
    { id: '"' },
  ])('readFlow() finds nothing for %j', async (ask) => {
    await writeLog(logPath, [other(1), INTENT, ALLOWED]);
    expect(await flow(ask)).toBeNull();
  });
});
