// L-04: writes that the kernel takes in part only, at any byte of a record: a limit on the size of
// files, and a file system that is full.

import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { canMount, mountTmpfs } from '../support/tmpfs.ts';
import { type DriveOptions, driveLog, recoverFolder } from './drive-log.ts';
import { report } from './report.ts';
import { scaled } from './scale.ts';
import { verifyFolder } from './verify-folder.ts';

const LIMITS = scaled(8, 120);
/** Not a multiple of anything: the place within a record differs each time. */
const STEP_BYTES = 97;
const ROTATE_BYTES = 1_000_000;

let temp: TempDir;

beforeAll(async () => {
  temp = await tempDir();
});
afterAll(() => temp.close());

const options = (dir: string): DriveOptions => ({
  logPath: join(dir, 'egress.jsonl'),
  rotateBytes: ROTATE_BYTES,
  audit: 'accepted',
  bursts: 1_000,
  perBurst: 5,
  bytes: 700,
  giveUpMs: 600,
});

/** What is left after a start without the limit: all that was acknowledged, in whole lines. */
async function expectKept(dir: string, acked: readonly string[]) {
  await recoverFolder(join(dir, 'egress.jsonl'), ROTATE_BYTES);
  const { intents, problems } = verifyFolder(dir);
  expect(problems).toEqual([]);
  const there = new Set(intents);
  return acked.filter((id) => !there.has(id)).length;
}

it(`L-04: a write that is cut at any of ${LIMITS} places leaves no part of a record`, async () => {
  const sinceMs = performance.now();
  const counted = { runs: 0, acknowledged: 0, lost: 0 };
  for (let n = 0; n < LIMITS; n += 1) {
    const dir = join(temp.path, `limit-${n}`);
    await mkdir(dir);
    const bytes = 9_000 + n * STEP_BYTES;
    // In turn: it gives up with the tail torn, or there is room again and it has to repair it itself.
    const lifts = n % 2 === 1;
    const driving = lifts ? { ...options(dir), bursts: 20, giveUpMs: 10_000, lifts } : options(dir);
    const { result, acked } = await driveLog(driving, { wrap: ['prlimit', `--fsize=${bytes}:`] });
    const stdout = expect.stringContaining('suspended');
    expect(result).toMatchObject({ code: lifts ? 0 : 3, stdout });
    if (lifts) expect(acked).toHaveLength(100);
    counted.runs += 1;
    counted.acknowledged += acked.length;
    counted.lost += await expectKept(dir, acked);
  }
  report({ check: 'L-04', did: 'short writes, by a limit on file size', counted, sinceMs });
  expect(counted.acknowledged).toBeGreaterThan(LIMITS);
  expect(counted.lost).toBe(0);
});

it.runIf(canMount)(
  'L-04: a log that fills a small file system to its end keeps what it acknowledged',
  async () => {
    const sinceMs = performance.now();
    const disk = await mountTmpfs('size=3m');
    try {
      const dir = join(disk.path, 'logs');
      await mkdir(dir);
      // On a full disk what waits is written four times a second: few and large bursts.
      const { result, acked } = await driveLog({ ...options(dir), perBurst: 200 });
      expect(result).toMatchObject({ code: 3, stdout: expect.stringContaining('ENOSPC') });
      const files = (await readdir(dir)).length;
      // Without a byte to spare the next start has nothing to write with.
      disk.release(64 * 1024);
      const counted = { acknowledged: acked.length, lost: await expectKept(dir, acked), files };
      report({
        check: 'L-04',
        did: 'a file system of 3 MB, filled by the log itself',
        counted,
        sinceMs,
      });
      expect(counted.lost).toBe(0);
    } finally {
      await disk.close();
    }
  },
);
