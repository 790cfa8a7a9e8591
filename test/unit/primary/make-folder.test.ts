import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from '../../../src/primary/make-folder.ts';
import { type TempDir, tempDir } from '../../support/temp-dir.ts';

let dir: TempDir;
beforeEach(async () => {
  dir = await tempDir();
});
afterEach(() => dir.close());

describe('makeFolder()', () => {
  it('makes all that is missing, with these rights, and takes what is there', async () => {
    const path = join(dir.path, 'a/b/c');
    await makeFolder(path, 0o700);
    await makeFolder(path, 0o755);
    for (const each of [path, join(dir.path, 'a')]) {
      expect((await stat(each)).mode & 0o777).toBe(0o700);
    }
  });

  it('fails where a file is in the way', async () => {
    const file = join(dir.path, 'file');
    await writeFile(file, '');
    await expect(makeFolder(file, 0o700)).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeFolder(join(file, 'x'), 0o700)).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it('fails where there can be no folder, and does not try for ever', async () => {
    await expect(makeFolder('/proc/x/y', 0o700)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
