// L-05: the power goes while the log is written, at any moment, and takes all with it that was not
// synced. `durable` loses nothing it acknowledged; `accepted` no more than its last second.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { type Call, parseTrace, TRACE_OPTIONS } from './call-trace.ts';
import { type DriveOptions, driveLog, recoverFolder } from './drive-log.ts';
import { cutPower } from './power-cut.ts';
import { report } from './report.ts';
import { scaled, seededRandom } from './scale.ts';
import { verifyFolder } from './verify-folder.ts';

const CUTS = scaled(40, 200);
const ROTATE_BYTES = 6_000;
/** Records go to the disk once a second; a driver that has to share its core may be late by this much. */
const LATE_S = 0.5;
const CALLS =
  'openat,?open,pwrite64,write,fsync,fdatasync,?ftruncate,?rename,?symlink,?unlink,?renameat2';

let temp: TempDir;

beforeAll(async () => {
  temp = await tempDir();
});
afterAll(() => temp.close());

/** The calls of one run that comes to its end. */
async function record(
  name: string,
  options: Partial<DriveOptions>,
  inject: readonly string[] = [],
): Promise<Call[]> {
  const dir = join(temp.path, name);
  await mkdir(dir);
  const { result, trace } = await driveLog(
    {
      logPath: join(dir, 'egress.jsonl'),
      rotateBytes: ROTATE_BYTES,
      audit: 'durable',
      bursts: 30,
      perBurst: 5,
      bytes: 100,
      giveUpMs: 10_000,
      ...options,
    },
    { strace: [...TRACE_OPTIONS, '-e', `trace=${CALLS}`, ...inject] },
  );
  expect(result.code).toBe(0);
  return parseTrace(trace);
}

type Found = {
  readonly acked: number;
  readonly lost: readonly string[];
  readonly oldestS: number;
  /** Segments with damage that no record names. */
  readonly unnamed: readonly string[];
};

/** Cuts the power behind one call, starts again on what is left; what is missing of what was promised. */
async function cutAt(calls: readonly Call[], count: number, name: string, random: () => number) {
  const to = join(temp.path, 'after');
  const { acked, at } = cutPower(calls, count, { dir: join(temp.path, name), to, random });
  await recoverFolder(join(to, 'egress.jsonl'), ROTATE_BYTES);
  const { intents, broken } = verifyFolder(to, true);
  const there = new Set(intents);
  const lost = [...acked.keys()].filter((id) => !there.has(id));
  const oldestS = Math.max(0, ...lost.map((id) => at - (acked.get(id) ?? at)));
  const found: Found = { acked: acked.size, lost, oldestS, unnamed: broken };
  return found;
}

async function cutOften(calls: readonly Call[], name: string, seed: number) {
  const random = seededRandom(seed);
  const first = calls.findIndex(({ strings }) => strings[0]?.startsWith('open '));
  const found: Found[] = [];
  for (let cut = 0; cut < CUTS; cut += 1) {
    const count = first + Math.floor(random() * (calls.length - first + 1));
    found.push(await cutAt(calls, count, name, random));
  }
  return {
    cuts: CUTS,
    acknowledged: found.reduce((sum, { acked }) => sum + acked, 0),
    lost: found.reduce((sum, { lost }) => sum + lost.length, 0),
    'oldest of them (s)': Math.max(...found.map(({ oldestS }) => oldestS)),
    'damaged segments that no record names': found.reduce(
      (n, { unnamed }) => n + unnamed.length,
      0,
    ),
  };
}

it(`L-05: ${CUTS} power cuts lose no intent that "durable" acknowledged`, async () => {
  const sinceMs = performance.now();
  const calls = await record('durable', {});
  const counted = await cutOften(calls, 'durable', 5);
  report({ check: 'L-05', did: 'power cuts, `durable`', counted, sinceMs });
  expect(counted.acknowledged).toBeGreaterThan(CUTS * 10);
  expect(counted.lost).toBe(0);
  expectNamed(counted);
});

it(`L-05: ${CUTS} power cuts lose no more than the last second of what "accepted" acknowledged`, async () => {
  const sinceMs = performance.now();
  const calls = await record('accepted', { audit: 'accepted', pauseMs: 150 });
  // The real disk of this machine: what is written while it syncs has to wait for the next time.
  const syncs = calls.filter(({ name }) => name === 'fdatasync');
  const slowestS = Math.max(...syncs.map(({ at, endedAt }) => endedAt - at));
  const counted = { ...(await cutOften(calls, 'accepted', 6)), 'slowest sync (s)': slowestS };
  report({ check: 'L-05', did: 'power cuts, `accepted`', counted, sinceMs });
  expect(counted.acknowledged).toBeGreaterThan(CUTS * 10);
  expect(counted['oldest of them (s)']).toBeLessThanOrEqual(1 + 2 * slowestS + LATE_S);
  expectNamed(counted);
});

type Counted = Awaited<ReturnType<typeof cutOften>>;

function expectNamed(counted: Counted): void {
  expect(counted['damaged segments that no record names']).toBe(0);
}

it('L-05: what "accepted" acknowledged while a slow disk synced is synced after it, too, without a further record', async () => {
  const sinceMs = performance.now();
  // The disk takes longer than the second between two syncs; then the log falls silent.
  const slow = ['-e', 'inject=fdatasync:delay_exit=1500000:when=1'];
  const quiet = { bursts: 2, pauseMs: 1_100, lastPauseMs: 3_000, audit: 'accepted' } as const;
  const calls = await record('slow', quiet, slow);
  const last = calls.findLast(
    ({ name, strings }) => name === 'write' && strings[0]?.startsWith('ack '),
  );
  const synced = calls.find(
    ({ name, began }) => name === 'fdatasync' && began > (last?.began ?? 0),
  );
  const afterS = (synced?.at ?? 0) - (last?.at ?? 0);
  const counted = { 'synced after (s)': afterS };
  report({ check: 'L-05', did: 'a sync that takes 1.5 s, then silence', counted, sinceMs });
  expect(afterS).toBeGreaterThan(0);
  expect(afterS).toBeLessThan(1.5 + 1 + LATE_S);
});
