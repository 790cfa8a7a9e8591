import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFolder } from '../../../../src/viewer/store/log-folder.ts';
import { createHealthReader } from '../../../../src/viewer/store/record-health.ts';
import { logLine } from '../../../support/log-line.ts';
import { ORIGINAL_LOG } from '../../../support/original-log.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

let dir: TempDir;
let read: ReturnType<typeof createHealthReader>;
beforeEach(async () => {
  dir = await tempDir();
  read = createHealthReader({
    log: new LogFolder(join(dir.path, 'egress.jsonl')),
    now: () => 0,
    nowMs: () => 0,
  });
});
afterEach(() => dir.close());

const segment = (number: number) => join(dir.path, `egress.${number}.jsonl`);
const found = (number: number, reason: string, fields: Record<string, unknown> = {}) =>
  `${logLine({ event: 'log_recovered', reason, file: `egress.${number}.jsonl`, last_seq: 9, offset: 99, ts: number, ...fields })}\n`;
const other = (body: string) => `${logLine({ event: 'allowed', res_body: body })}\n`;
const damaged = (number: number, seq = 10, offset = 99) => ({
  kind: 'damaged',
  file: `egress.${number}.jsonl`,
  seq,
  offset,
});

describe('createHealthReader()', () => {
  it('createHealthReader() finds nothing where all is well, or there is no log', async () => {
    expect(await read(undefined)).toEqual({ damage: [], torn: null });
    await writeFile(segment(1), other('x'));
    const check = { state: 'done', segments: 1, damage: [] } as const;
    expect(await read(check)).toEqual({ damage: [], torn: null });
  });

  it('createHealthReader() tells damage, what is gone, and what a crash tore off', async () => {
    await writeFile(
      segment(5),
      found(1, 'gone') + found(2, 'torn_tail') + found(3, 'damaged') + found(4, 'torn_tail'),
    );
    expect(await read(undefined)).toEqual({
      damage: [damaged(3), { ...damaged(1), kind: 'gone' }],
      torn: { file: 'egress.4.jsonl', ts: 4 },
    });
  });

  it('createHealthReader() remembers what it found, and reads only what came since', async () => {
    await writeFile(segment(1), found(1, 'damaged'));
    await read(undefined);
    await appendFile(segment(1), other('y'.repeat(300_000)) + found(2, 'damaged'));
    const [first, second] = await Promise.all([read(undefined), read(undefined)]);
    expect(first.damage).toEqual([damaged(2), damaged(1)]);
    expect(second).toEqual(first);
    expect(await read(undefined)).toEqual(first);
  });

  it('createHealthReader() puts the place that the walk found before that of a record', async () => {
    await writeFile(segment(9), found(3, 'damaged') + found(4, 'damaged'));
    const damage = [
      { file: 'egress.3.jsonl.gz', seq: 5, offset: 50 },
      { file: 'egress.3.jsonl.gz', seq: 6, offset: 60 },
      { file: 'egress.7.jsonl', seq: 7, offset: 70 },
    ];
    expect((await read({ state: 'running', segments: 2, damage })).damage).toEqual([
      { ...damaged(3, 5, 50), file: 'egress.3.jsonl.gz' },
      damaged(7, 7, 70),
      damaged(4),
    ]);
  });

  it('createHealthReader() believes neither what an agent sent nor the file of the original', async () => {
    await writeFile(segment(0), ORIGINAL_LOG);
    await writeFile(segment(1), other('{"event":"log_recovered","reason":"damaged"}'));
    await appendFile(segment(1), `{"a":1,"event":"allowed","b":{"event":"log_recovered"}}\n`);
    expect(await read(undefined)).toEqual({ damage: [], torn: null });
  });
});
