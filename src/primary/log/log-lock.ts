// One writer per log: an advisory lock on a file beside it, held by the kernel for as long as this
// process lives, so that one left by SIGKILL is gone with the process. Node has no flock(2); the
// program `flock` of util-linux sets it on the description that both share (flock(2): the lock
// belongs to the open file description).

import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export type LogLock = { release(): void };

/**
 * Takes the lock of a log folder. Throws where another leash has it (its pid in the text) or where
 * it cannot be taken at all. The descriptor is close-on-exec: no child keeps the lock alive.
 */
export function lockLog(dir: string): LogLock {
  const path = join(dir, 'leash.lock');
  // 'a+': does not empty the file of the one who holds it.
  const fd = openSync(path, 'a+', 0o600);
  try {
    const { error, status } = spawnSync('flock', ['-n', '3'], {
      stdio: ['ignore', 'ignore', 'ignore', fd],
    });
    if (error !== undefined) {
      throw new Error(
        `Cannot lock ${path}: cannot run "flock" (${error.message}); install util-linux`,
      );
    }
    if (status !== 0) {
      const holder = readFileSync(path, 'utf8').trim();
      throw new Error(
        `Another leash${holder === '' ? '' : ` (pid ${holder})`} writes this log: ${dir} is locked by ${path}; stop it, or set LOG_PATH to another folder`,
      );
    }
    ftruncateSync(fd);
    writeSync(fd, `${process.pid}\n`);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return { release: () => closeSync(fd) };
}
