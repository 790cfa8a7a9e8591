import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { growthPerDay, listSegmentFiles, readRoom } from '../../../../src/viewer/state/disk.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const HOUR = 3_600_000;
const NOW = 1_700_000_000_000;
const file = (bytes: number, fromHours: number, toHours: number) => ({
  bytes,
  bornMs: NOW - fromHours * HOUR,
  changedMs: NOW - toHours * HOUR,
});

describe('growthPerDay()', () => {
  it.each([
    ['a young log, by its own time', [file(100, 2, 0)], 1200],
    ['a day and more: what grew within the day', [file(900, 48, 30), file(240, 30, 0)], 192],
    ['a file that was made at once', [file(500, 12, 12), file(10, 24, 0)], 510],
    ['nothing for a day', [file(900, 48, 30)], 0],
  ])('growthPerDay() of %s', (_, files, expected) => {
    expect(growthPerDay(files, NOW)).toBeCloseTo(expected);
  });

  it('growthPerDay() says nothing of a log that is minutes old, or has no file', () => {
    expect(growthPerDay([file(100, 0.1, 0)], NOW)).toBeNull();
    expect(growthPerDay([], NOW)).toBeNull();
  });
});

describe('the folder', () => {
  it('listSegmentFiles() takes segments, compressed ones too, and nothing else', async () => {
    const dir = await tempDir();
    const logs = join(dir.path, 'logs');
    await mkdir(logs);
    for (const name of ['egress.1.jsonl.gz', 'egress.2.jsonl', 'egress.checkpoints', 'other']) {
      await writeFile(join(logs, name), name);
      await utimes(join(logs, name), NOW / 1000, NOW / 1000);
    }
    const files = await listSegmentFiles(join(logs, 'egress.jsonl'));
    expect(files.map(({ bytes }) => bytes)).toEqual([14, 17]);
    expect(files.map(({ changedMs }) => changedMs)).toEqual([NOW, NOW]);
    expect(await listSegmentFiles(join(dir.path, 'none', 'egress.jsonl'))).toEqual([]);
    await dir.close();
  });

  it('readRoom() gives what is free, and null where nothing can be asked', async () => {
    const room = await readRoom('/tmp');
    expect(room?.free_bytes).toBeGreaterThan(0);
    expect(room?.total_bytes).toBeGreaterThanOrEqual(room?.free_bytes ?? 0);
    expect(await readRoom('/nowhere/at/all')).toBeNull();
  });
});
