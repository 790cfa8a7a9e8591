// L-04: every call by which the log touches its files fails once, or from then on, at each place in
// turn, until a run has no such call left. Whatever was acknowledged must be found by the next start.

import { appendFile, cp, mkdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { type DriveOptions, driveLog, pathFilters, recoverFolder } from './drive-log.ts';
import { report } from './report.ts';
import { LONG, seededRandom } from './scale.ts';
import { verifyFolder } from './verify-folder.ts';

const ROTATE_BYTES = 3_000;
const ERRORS = ['ENOSPC', 'EIO', 'EINTR', 'EDQUOT'];
const SHORT_RUNS = 40;

/** What is injected, by the name of what fails. Names that a machine does not have are passed over. */
const CALLS: Readonly<Record<string, readonly string[]>> = {
  write: ['?pwrite64', '?write', '?writev', '?pwritev'],
  fdatasync: ['fdatasync'],
  fsync: ['fsync'],
  open: ['?open', 'openat'],
  rename: ['?rename', '?renameat', '?renameat2'],
  symlink: ['?symlink', '?symlinkat'],
  unlink: ['?unlink', '?unlinkat'],
  truncate: ['?truncate', 'ftruncate'],
};

type Case = {
  readonly call: string;
  readonly error: string;
  readonly n: number;
  /** From the n-th on, to the driver's end. */
  readonly isPersistent: boolean;
  readonly audit: DriveOptions['audit'];
  /** This call fails, too, from its first one on: the second failure on the way out of the first. */
  readonly also?: string;
};

type Tally = { runs: number; hits: number; acked: number; lost: number; failed: number };

let temp: TempDir;
let template: string;
let templateAcks: readonly string[];
let folders = 0;

/** A log as a crash leaves it: a segment that is full, and one that ends within a line. */
beforeAll(async () => {
  temp = await tempDir();
  template = join(temp.path, 'template');
  const { acked } = await drive('template', 'accepted');
  templateAcks = acked;
  const newest = await readlink(join(template, 'egress.jsonl'));
  await appendFile(join(template, newest), '{"seq":99,"prev":"0');
});
afterAll(() => temp.close());

async function drive(folder: string, audit: DriveOptions['audit'], strace?: readonly string[]) {
  const dir = join(temp.path, folder);
  if (folder === 'template') await mkdir(dir);
  else await cp(template, dir, { recursive: true, verbatimSymlinks: true });
  const logPath = join(dir, 'egress.jsonl');
  const options = { rotateBytes: ROTATE_BYTES, bursts: 8, perBurst: 3, bytes: 100 };
  const filters = strace === undefined ? undefined : [...strace, ...pathFilters(logPath)];
  const extra = filters === undefined ? {} : { strace: filters };
  return { ...(await driveLog({ logPath, audit, giveUpMs: 700, ...options }, extra)), logPath };
}

/** One run, and the clean start after it; whether there was such a call, and what is wrong. */
async function tryCase(failing: Case, tally: Tally): Promise<{ hit: boolean; wrong: string[] }> {
  const { call, error, n, isPersistent, audit, also } = failing;
  folders += 1;
  // EINTR says "try again", and libuv does, for as long as it takes: no kernel says so for ever.
  const lasting = error === 'EINTR' ? `..${n + 9}` : '+';
  const when = `when=${n}${isPersistent ? lasting : ''}`;
  const inject = ['-e', `inject=${CALLS[call]}:error=${error}:${when}`];
  if (also !== undefined) inject.push('-e', `inject=${CALLS[also]}:error=EIO:when=1..2`);
  const traced = ['-e', `trace=${Object.values(CALLS)}`, ...inject];
  const { result, acked, hits, logPath } = await drive(`run-${folders}`, audit, traced);
  const wrong: string[] = [];
  tally.runs += 1;
  tally.hits += hits;
  tally.acked += acked.length;
  if (result.code !== 0) tally.failed += 1;
  if (result.code === 0 && !result.stdout.includes('closed')) wrong.push('ended without a word');
  if (result.code === null) wrong.push('ended by a signal');
  try {
    await recoverFolder(logPath, ROTATE_BYTES);
    const { intents, problems } = verifyFolder(join(logPath, '..'));
    const there = new Set(intents);
    const lost = [...templateAcks, ...acked].filter((id) => !there.has(id));
    tally.lost += lost.length;
    wrong.push(...problems, ...lost.map((id) => `lost ${id}`));
  } catch (problem) {
    wrong.push(`the next start failed: ${problem}`);
  }
  const name = JSON.stringify(failing);
  return { hit: hits > 0, wrong: wrong.map((each) => `${name}: ${each}\n${result.stderr}`) };
}

/** All kinds of failure, without the place. */
function kinds(): Omit<Case, 'n'>[] {
  const found: Omit<Case, 'n'>[] = [];
  for (const audit of ['accepted', 'durable'] as const) {
    for (const call of Object.keys(CALLS)) {
      for (const isPersistent of [false, true]) {
        for (const error of ERRORS) found.push({ call, error, isPersistent, audit });
      }
    }
    for (const error of ERRORS) {
      found.push({ call: 'write', error, isPersistent: false, audit, also: 'truncate' });
    }
  }
  return found;
}

it(`L-04: any call on the log's files may fail, ${LONG ? 'at every place' : `at ${SHORT_RUNS} places`}, and no acknowledged record is lost`, async () => {
  const sinceMs = performance.now();
  const tally: Tally = { runs: 0, hits: 0, acked: 0, lost: 0, failed: 0 };
  const wrong: string[] = [];
  const random = seededRandom(4);
  if (LONG) {
    for (const kind of kinds()) {
      for (let n = 1, hit = true; hit && n < 100; n += 1) {
        const tried = await tryCase({ ...kind, n }, tally);
        wrong.push(...tried.wrong);
        hit = tried.hit;
      }
    }
  } else {
    const all = kinds();
    for (let run = 0; run < SHORT_RUNS; run += 1) {
      // Every kind of call comes up as often; the place is one that each run reaches, or nearly.
      const kind = all[Math.floor(((run + random()) / SHORT_RUNS) * all.length)] ?? all[0];
      if (kind === undefined) throw new Error('There is no kind of failure');
      const n = 1 + Math.floor(random() * 4);
      wrong.push(...(await tryCase({ ...kind, n }, tally)).wrong);
    }
  }
  report({
    check: 'L-04',
    did: 'calls of the log that fail, by strace',
    counted: {
      runs: tally.runs,
      'failed calls': tally.hits,
      'runs that ended early': tally.failed,
      acknowledged: tally.acked,
      lost: tally.lost,
      'runs with a problem': wrong.length,
    },
    sinceMs,
  });
  expect(wrong).toEqual([]);
  expect(tally.hits).toBeGreaterThan(tally.runs / 2);
});
