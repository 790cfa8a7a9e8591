import { appendFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFolder } from '../../../../src/viewer/store/log-folder.ts';
import { compressSegment } from '../../../support/compress-segment.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

let dir: TempDir;
let logPath: string;
let log: LogFolder;
beforeEach(async () => {
  dir = await tempDir();
  logPath = join(dir.path, 'egress.jsonl');
  log = new LogFolder(logPath);
});
afterEach(() => dir.close());

const segment = (number: number) => join(dir.path, `egress.${number}.jsonl`);

/** The whole segment as text; null = it cannot be opened. */
async function textOf(number: number): Promise<string | null> {
  const source = await log.open(number);
  try {
    return (await source?.read(0, 1e6))?.toString() ?? null;
  } finally {
    await source?.close();
  }
}

describe('LogFolder', () => {
  it('LogFolder lists plain and compressed segments by number, each once', async () => {
    for (const number of [2, 10, 1]) await writeFile(segment(number), `${number}\n`);
    compressSegment(segment(1));
    compressSegment(segment(2), 'keep');
    for (const name of ['egress.3.jsonl.broken', 'egress.checkpoints', 'egress.reserve']) {
      await writeFile(join(dir.path, name), 'x');
    }
    await symlink('egress.10.jsonl', logPath);
    expect(await log.list()).toEqual([1, 2, 10]);
    expect(await textOf(1)).toBe('1\n');
    expect(await textOf(3)).toBeNull();
  });

  it('Invariant: where a segment is there plain and compressed, the plain file is read', async () => {
    await writeFile(segment(1), 'a\n');
    compressSegment(segment(1), 'keep');
    await truncate(`${segment(1)}.gz`, 20);
    await appendFile(segment(1), 'b\n');
    expect(await textOf(1)).toBe('a\nb\n');
  });

  it('LogFolder reads on where a segment is compressed and its plain file removed', async () => {
    await writeFile(segment(1), 'a\n');
    const before = await log.open(1);
    compressSegment(segment(1));
    expect((await before?.read(0, 9))?.toString()).toBe('a\n');
    await before?.close();
    expect(await textOf(1)).toBe('a\n');
  });

  it('LogFolder finds the file of the original by each of its names', async () => {
    await writeFile(logPath, 'old\n');
    expect(await log.list()).toEqual([0]);
    expect(await textOf(0)).toBe('old\n');
    await rename(logPath, segment(0));
    await writeFile(segment(1), 'new\n');
    await symlink('egress.1.jsonl', logPath);
    expect(await log.list()).toEqual([0, 1]);
    expect(await textOf(0)).toBe('old\n');
    compressSegment(segment(0));
    expect(await log.list()).toEqual([0, 1]);
    expect(await textOf(0)).toBe('old\n');
  });

  it('LogFolder does not open what another program compressed', async () => {
    await writeFile(`${segment(0)}.gz`, gzipSync('old\n'));
    expect(await log.list()).toEqual([0]);
    expect(await textOf(0)).toBeNull();
  });

  it('LogFolder is empty where there is no folder', async () => {
    await rm(dir.path, { recursive: true });
    expect(await log.list()).toEqual([]);
    expect(await textOf(0)).toBeNull();
  });
});
