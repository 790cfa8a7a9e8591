// One writer per log: an advisory lock on the log's folder itself, held by the kernel for as long as this
// process lives, so that one left by SIGKILL is gone with the process, and nothing in the folder can be
// removed to get around it. Node has no flock(2); the program `flock` of util-linux sets it on the
// description that both share (flock(2): the lock belongs to the open file description).

import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type LogLock = { release(): void };

/**
 * Takes the lock of a log folder. Throws where another leash has it (its pid in the text) or where
 * it cannot be taken at all. The descriptor is close-on-exec: no child keeps the lock alive.
 */
export function lockLog(dir: string): LogLock {
  const fd = openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY);
  // Whose it is, for people; the lock is not on it.
  const path = join(dir, 'leash.lock');
  try {
    const { error, status } = spawnSync('flock', ['-n', '3'], {
      stdio: ['ignore', 'ignore', 'ignore', fd],
    });
    if (error !== undefined) {
      throw new Error(
        `Cannot lock ${dir}: cannot run "flock" (${error.message}); install util-linux`,
      );
    }
    if (status !== 0) {
      const holder = readHolder(path);
      throw new Error(
        `Another leash${holder === '' ? '' : ` (pid ${holder})`} writes this log: ${dir} is locked; stop it, or set LOG_PATH to another folder`,
      );
    }
    writeHolder(path);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return { release: () => closeSync(fd) };
}

function readHolder(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function writeHolder(path: string): void {
  try {
    writeFileSync(path, `${process.pid}\n`, { mode: 0o600 });
  } catch {
    // On a full disk nobody is told who holds the lock; it is held all the same.
  }
}
