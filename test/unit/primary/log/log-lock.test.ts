import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockLog } from '../../../../src/primary/log/log-lock.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

describe('lockLog()', () => {
  let temp: TempDir;
  beforeEach(async () => {
    temp = await tempDir();
  });
  afterEach(() => temp.close());

  it('refuses a second holder, names the first, and the way out', () => {
    const lock = lockLog(temp.path);
    expect(() => lockLog(temp.path)).toThrow(
      new RegExp(`^Another leash \\(pid ${process.pid}\\) writes this log: .*set LOG_PATH`),
    );
    expect(readFileSync(join(temp.path, 'leash.lock'), 'utf8')).toBe(`${process.pid}\n`);
    lock.release();
    lockLog(temp.path).release();
  });

  it('is on the folder: nothing in it can be removed to get around it', () => {
    const lock = lockLog(temp.path);
    rmSync(join(temp.path, 'leash.lock'));
    expect(() => lockLog(temp.path)).toThrow(/^Another leash writes this log/);
    lock.release();
  });

  it('is not held by a child process that outlives the lock', async () => {
    const lock = lockLog(temp.path);
    const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
    await once(child, 'spawn');
    lock.release();
    lockLog(temp.path).release();
    child.kill();
    await once(child, 'exit');
  });

  it('throws where the folder does not exist', () => {
    expect(() => lockLog(join(temp.path, 'missing'))).toThrow('ENOENT');
  });
});
