// Disk space that is taken ahead, so that a full disk has room for the last records of what runs:
// a file of random bytes beside the log, given back to the disk when a write finds it full.
// Knows nothing of records.

import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { codeOf } from '../../shared/error-code.ts';
import { LIMITS } from '../../shared/limits.ts';

/** Whether a write failed for want of space, which giving some back may help. */
export function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(codeOf(error));
}

export class Reserve {
  readonly #path: string;
  #isHeld = false;

  constructor(path: string) {
    this.#path = path;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Takes the space. Throws where the disk has not so much, and then holds none of it. */
  take(): void {
    if (this.#isHeld) return;
    // Random: a file system that compresses would give zeros no space.
    const bytes = randomBytes(LIMITS.logReserveBytes);
    try {
      const fd = openSync(this.#path, 'w', 0o600);
      try {
        for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
        // Some file systems find out only now that there is no space.
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      this.release();
      throw error;
    }
    this.#isHeld = true;
  }

  /** Gives the space back, the file's inode with it. Never throws. */
  release(): void {
    this.#isHeld = false;
    try {
      unlinkSync(this.#path);
    } catch {
      // It is not there, or the folder takes no change: then there was nothing to win.
    }
  }
}
