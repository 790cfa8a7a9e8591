import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LiveIndex } from '../../../../src/viewer/index/live-index.ts';
import { LogFolder } from '../../../../src/viewer/store/log-folder.ts';
import { Turns } from '../../../../src/viewer/store/turns.ts';
import { logLine } from '../../../support/log-line.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

let dir: TempDir;
beforeEach(async () => {
  dir = await tempDir();
});
afterEach(() => dir.close());

const lines = (count: number) =>
  Array.from({ length: count }, (_, n) => logLine({ event: 'blocked', id: `1-1-${n}` }))
    .map((line) => `${line}\n`)
    .join('');

describe('LiveIndex', () => {
  it('takes no more when it is full: what comes later is left to whoever reads the lines', async () => {
    const path = join(dir.path, 'egress.1.jsonl');
    await writeFile(path, lines(10));
    const live = new LiveIndex(new LogFolder(join(dir.path, 'egress.jsonl')), 1, new Turns(), 40);
    await live.catchUp();
    expect(live.isFull).toBe(false);
    expect(live.index).toMatchObject({ rows: 10 });
    await appendFile(path, lines(20));
    await live.catchUp();
    expect(live.isFull).toBe(true);
    const { rows, end } = live.index ?? {};
    expect(rows).toBe(30);
    await appendFile(path, lines(20));
    await live.catchUp();
    expect(live.index).toMatchObject({ rows, end });
  });
});
