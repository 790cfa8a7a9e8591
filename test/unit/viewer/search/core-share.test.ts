import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CoreShare } from '../../../../src/viewer/search/core-share.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

let dir: TempDir;
let logPath: string;
beforeEach(async () => {
  dir = await tempDir();
  logPath = join(dir.path, 'egress.jsonl');
  writeFileSync(logPath, 'one line\n');
});
afterEach(() => dir.close());

/** A thread that works, rests, and lets time pass, as a test says. */
function startThread() {
  let now = 1000;
  let worked = 0;
  const clock = {
    now: () => now,
    workedMs: () => worked,
    async pause(ms: number) {
      now += ms;
    },
  };
  const share = new CoreShare(logPath, clock);
  return {
    now: () => now,
    /** Slices of two milliseconds; how long it rested meanwhile. `isBusy`: the log grows. */
    async work(ms: number, isBusy: boolean): Promise<number> {
      let rested = 0;
      for (let done = 0; done < ms; done += 2) {
        now += 2;
        worked += 2;
        if (isBusy) appendFileSync(logPath, '.');
        rested += await share.rest();
      }
      return rested;
    },
    idle(ms: number) {
      now += ms;
    },
  };
}

describe('CoreShare', () => {
  it('lets searches take all of a core while nothing is written', async () => {
    const thread = startThread();
    expect(await thread.work(5000, false)).toBe(0);
  });

  it('lets them take a quarter of it while the log grows, behind what needs no rest', async () => {
    const thread = startThread();
    expect(await thread.work(100, true), 'the first of it').toBe(0);
    const since = thread.now();
    await thread.work(2000, true);
    const share = 2000 / (thread.now() - since);
    expect(share).toBeGreaterThan(0.22);
    expect(share).toBeLessThan(0.3);
  });

  it('what is asked now and then goes at full speed', async () => {
    const thread = startThread();
    await thread.work(500, true);
    for (let n = 0; n < 20; n += 1) {
      thread.idle(500);
      expect(await thread.work(80, true)).toBe(0);
    }
  });

  it('does not make up for what was done in quiet times', async () => {
    const thread = startThread();
    await thread.work(10_000, false);
    const since = thread.now();
    await thread.work(300, true);
    expect(thread.now() - since).toBeLessThan(2000);
  });

  it('goes on at full speed when nothing is written any more', async () => {
    const thread = startThread();
    expect(await thread.work(500, true)).toBeGreaterThan(0);
    await thread.work(300, false);
    expect(await thread.work(500, false)).toBe(0);
  });

  it('needs no log', async () => {
    await dir.close();
    expect(await startThread().work(500, false)).toBe(0);
  });
});
