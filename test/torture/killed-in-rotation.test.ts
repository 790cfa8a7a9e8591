// L-11: the primary dies between two steps of a rotation, and between any two calls on the log's files:
// at each one in turn, until a run has no such call left.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { type DriveOptions, driveLog, pathFilters, recoverFolder } from './drive-log.ts';
import { report } from './report.ts';
import { LONG } from './scale.ts';
import { verifyFolder } from './verify-folder.ts';

const ROTATE_BYTES = 3_000;
/** Calls that a rotation consists of, and those between rotations. */
const CALLS: readonly (readonly [name: string, calls: string])[] = [
  ['open', '?open,openat'],
  ['unlink', '?unlink,?unlinkat'],
  ['symlink', '?symlink,?symlinkat'],
  ['rename', '?rename,?renameat,?renameat2'],
  ['fsync', 'fsync'],
  ['write', '?pwrite64,?write,?pwritev'],
  ['fdatasync', 'fdatasync'],
  ['truncate', '?truncate,?ftruncate'],
];
/** Of each call in the short form: the log's own start, then two rotations. */
const SHORT_PLACES = 3;

let temp: TempDir;

beforeAll(async () => {
  temp = await tempDir();
});
afterAll(() => temp.close());

/** Kills the driver at the n-th such call, starts again; the acknowledged ids that are gone. */
async function killAt(name: string, calls: string, n: number) {
  const dir = join(temp.path, `${name}-${n}`);
  await mkdir(dir);
  const logPath = join(dir, 'egress.jsonl');
  const options: DriveOptions = {
    logPath,
    rotateBytes: ROTATE_BYTES,
    audit: 'durable',
    bursts: 8,
    perBurst: 3,
    bytes: 100,
    giveUpMs: 5_000,
  };
  const inject = ['-e', `trace=${calls}`, '-e', `inject=${calls}:signal=SIGKILL:when=${n}`];
  const { result, acked } = await driveLog(options, {
    strace: [...inject, ...pathFilters(logPath)],
  });
  const killed = result.code !== 0;
  await recoverFolder(logPath, ROTATE_BYTES);
  const { intents, problems } = verifyFolder(dir);
  const there = new Set(intents);
  const lost = acked.filter((id) => !there.has(id));
  return { killed, acked: acked.length, lost, problems };
}

it(`L-11: a SIGKILL at ${LONG ? 'each' : `${SHORT_PLACES} of each`} of the log's calls leaves a set that verifies`, async () => {
  const sinceMs = performance.now();
  const counted = { kills: 0, acknowledged: 0, lost: 0, 'sets that do not verify': 0 };
  const steps = new Set<string>();
  const wrong: string[] = [];
  for (const [name, calls] of CALLS) {
    for (let n = 1; n <= (LONG ? 100 : SHORT_PLACES); n += 1) {
      const { killed, acked, lost, problems } = await killAt(name, calls, n);
      if (!killed) break;
      steps.add(name);
      counted.kills += 1;
      counted.acknowledged += acked;
      counted.lost += lost.length;
      if (problems.length > 0) counted['sets that do not verify'] += 1;
      wrong.push(...[...problems, ...lost].map((each) => `${name} ${n}: ${each}`));
    }
  }
  report({
    check: 'L-11',
    did: `SIGKILL of the log at each of its calls (${[...steps].join(', ')})`,
    counted,
    sinceMs,
  });
  expect(wrong).toEqual([]);
  expect(steps.size).toBeGreaterThanOrEqual(5);
});
