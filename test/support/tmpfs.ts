// A small file system of its own for one test, in memory: full at a known size, gone at the end. Needs
// the right to mount (root).

import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, statfsSync, writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run-client.ts';
import { tempDir } from './temp-dir.ts';

export type Tmpfs = {
  readonly path: string;
  /** Bytes that nobody has yet. */
  freeBytes(): number;
  /** Takes every byte that is left, and gives how many it has in all. */
  fill(): number;
  /** Gives so many of them back. */
  release(bytes: number): void;
  close(): Promise<void>;
};

/** Whether this process may mount at all. */
export const canMount = spawnSync('unshare', ['-m', 'true']).status === 0;

/** `options`: of mount(8), such as `size=16m` or `nr_inodes=40`. */
export async function mountTmpfs(options: string): Promise<Tmpfs> {
  const temp = await tempDir();
  const path = join(temp.path, 'mounted');
  await mkdir(path);
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', options, 'leash-test', path]);
  if (mounted.code !== 0) throw new Error(`Cannot mount a tmpfs: ${mounted.stderr}`);
  // Outside of any folder that the program under test looks at for files of its own.
  const filler = openSync(join(path, 'filler'), 'w');
  let filled = 0;

  return {
    path,
    freeBytes() {
      const { bavail, bsize } = statfsSync(path);
      return bavail * bsize;
    },
    fill() {
      const block = Buffer.alloc(64 * 1024, 'f');
      for (let size = block.length; size > 0; ) {
        try {
          const written = writeSync(filler, block, 0, size, filled);
          filled += written;
        } catch {
          size = Math.floor(size / 2);
        }
      }
      return filled;
    },
    release(bytes) {
      filled = Math.max(0, filled - bytes);
      ftruncateSync(filler, filled);
    },
    async close() {
      closeSync(filler);
      // Lazy: a process of a test that failed may still have a file open in it.
      await run('umount', ['-l', path]);
      await temp.close();
    },
  };
}
