import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CoreShare, type Rest } from '../../../../src/viewer/search/core-share.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

const SLICE_MS = 2;
/** Two milliseconds of a fleet: 512 KiB a second. */
const GROWTH = '.'.repeat(1024);

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
  let written = GROWTH;
  let isBusy = false;
  const pass = (ms: number) => {
    now += ms;
    for (let done = 0; done < ms; done += SLICE_MS) appendFileSync(logPath, written);
  };
  const share = new CoreShare(logPath, {
    now: () => now,
    workedMs: () => worked,
    pause: async (ms) => {
      if (isBusy) worked += ms;
      pass(ms);
    },
  });
  const slice = (ms: number) => {
    worked += ms;
    pass(ms);
  };
  return {
    share,
    now: () => now,
    /** What is written to the log in two milliseconds. */
    write(text: string) {
      written = text;
    },
    /** For others. */
    workWhileResting() {
      isBusy = true;
    },
    idle: pass,
    /** How long the search rested while it worked so long. */
    async search(ms: number, rest: Rest = share.begin(), sliceMs = SLICE_MS): Promise<number> {
      let rested = 0;
      for (let done = 0; done < ms; done += sliceMs) {
        slice(sliceMs);
        rested += await rest();
      }
      return rested;
    },
  };
}

describe('CoreShare', () => {
  it('lets searches take all of a core while nothing is written, or little', async () => {
    const thread = startThread();
    for (const text of ['', '.'.repeat(100)]) {
      thread.write(text);
      expect(await thread.search(5000)).toBe(0);
    }
  });

  it('lets them take a quarter of it while the log grows, behind what needs no rest', async () => {
    const thread = startThread();
    expect(await thread.search(98), 'the first of it').toBe(0);
    await thread.search(1000);
    const since = thread.now();
    await thread.search(1000);
    const share = 1000 / (thread.now() - since);
    expect(share).toBeGreaterThan(0.24);
    expect(share).toBeLessThan(0.28);
  });

  it('a search that rests takes up to four times as long, whatever the thread does meanwhile', async () => {
    const thread = startThread();
    thread.workWhileResting();
    for (const sliceMs of [2, 10, 100]) {
      const since = thread.now();
      const rested = await thread.search(1000, thread.share.begin(), sliceMs);
      expect(rested).toBeGreaterThan(1500);
      expect(rested).toBeLessThanOrEqual(3000);
      expect(thread.now() - since).toBe(1000 + rested);
    }
  });

  it('does not have a page rest that is found soon, whatever was searched before', async () => {
    const thread = startThread();
    await thread.search(1000);
    const rest = thread.share.begin(100);
    expect(await thread.search(98, rest)).toBe(0);
    const more = await thread.search(50, rest);
    expect(more).toBeGreaterThan(100);
    expect(more, 'for what came behind it').toBeLessThanOrEqual(156);
  });

  it('gives what is asked now and then its full speed', async () => {
    const thread = startThread();
    await thread.search(500);
    for (let n = 0; n < 20; n += 1) {
      thread.idle(1500);
      expect(await thread.search(80)).toBe(0);
    }
  });

  it('does not make up for what was done in quiet times', async () => {
    const thread = startThread();
    thread.write('');
    await thread.search(10_000);
    thread.write(GROWTH);
    const since = thread.now();
    await thread.search(400);
    expect(thread.now() - since).toBeLessThanOrEqual(1600);
  });

  it('goes on at full speed when requests pass no longer', async () => {
    const thread = startThread();
    expect(await thread.search(500)).toBeGreaterThan(0);
    thread.write('');
    await thread.search(600);
    expect(await thread.search(500)).toBe(0);
  });

  it('takes no notice of what was written before anybody searched', async () => {
    const thread = startThread();
    await thread.search(200);
    thread.idle(5000);
    thread.write('');
    expect(await thread.search(1000)).toBe(0);
  });

  it('goes on behind a new segment, and needs no log', async () => {
    const thread = startThread();
    await thread.search(500);
    renameSync(logPath, `${logPath}.old`);
    expect(await thread.search(2000), 'a file that begins anew').toBeGreaterThan(1000);
    thread.write('');
    rmSync(logPath);
    await thread.search(600);
    rmSync(logPath, { force: true });
    expect(await thread.search(500)).toBe(0);
  });
});
