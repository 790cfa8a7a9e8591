// L-06, L-07: the file system of the log has no byte left, or no inode, while agents go on asking.
// Nothing passes unrecorded, and with the first free space it goes on without anybody's help.

import { closeSync, mkdirSync, openSync, readdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { LogRecord } from '../support/leash-records.ts';
import { type Load, startLoad } from '../support/load.ts';
import { checkLoad, NOTHING_LOST } from '../support/load-check.ts';
import { type LoadOrigin, startLoadOrigin } from '../support/load-origin.ts';
import { currentMemory } from '../support/process-memory.ts';
import { type Leash, startLeash } from '../support/start-leash.ts';
import { canMount, mountTmpfs, type Tmpfs } from '../support/tmpfs.ts';
import { waitFor } from '../support/wait-for.ts';
import { report } from './report.ts';
import { forwardingAgain, moreServed } from './rig.ts';
import { LONG, scaled, within } from './scale.ts';

const MIB = 1024 * 1024;
/** How long it stays full. */
const FULL_MS = scaled(3_000, 60_000);

let origin: LoadOrigin;
let disk: Tmpfs;
let leash: Leash;
let load: Load;

beforeEach(async () => {
  origin = await startLoadOrigin();
});
afterEach(async () => {
  await load.stop();
  await leash.close();
  await disk.close();
  await origin.close();
});

type Start = {
  readonly env?: Record<string, string>;
  readonly bodyBytes: number;
  readonly warmUp: number;
};

async function start(mountOptions: string, { env = {}, bodyBytes, warmUp }: Start) {
  disk = await mountTmpfs(mountOptions);
  leash = await startLeash({
    workers: 2,
    env: { LOG_PATH: join(disk.path, 'logs', 'egress.jsonl'), ...env },
  });
  load = startLoad({
    proxyPort: leash.proxyPort,
    origin: origin.url,
    connections: 50,
    perSecond: 200,
    bodyBytes,
    tunnelEvery: 10,
  });
  await moreServed(load, warmUp, 60_000);
}

const rss = () =>
  [leash.pid, ...leash.workerPids()].reduce((sum, pid) => sum + currentMemory(pid), 0);

/** Waits for refusals, keeps it so for a while, makes room, waits for the first answer, ends the load. */
async function sufferThen(makeRoom: () => void, fullMs: number) {
  await waitFor(() => load.answers(503) > 0, { what: 'a refusal', timeoutMs: 20_000, everyMs: 5 });
  // What had its acknowledgement before may still be on its way for as long as a dial takes.
  const refusedMs = performance.now();
  const fullFor = (ms: number) =>
    waitFor(() => performance.now() - refusedMs > ms, {
      what: 'the time that it is full',
      timeoutMs: ms + 5_000,
    });
  // A worker takes some thousand requests to come to the memory that it stays at.
  await fullFor(fullMs / 3);
  const memory = rss();
  await fullFor(fullMs);
  const grown = rss() - memory;
  const lastSeenMs = Math.max(0, origin.lastMs() - refusedMs);
  const served = load.served();
  const roomMs = performance.now();
  makeRoom();
  const resumedAfterMs = await forwardingAgain(load, served, roomMs);
  await load.stop();
  return { grown, lastSeenMs, resumedAfterMs };
}

type Suffered = Awaited<ReturnType<typeof sufferThen>>;

/** The 503s that clients saw are the ones on the record, each once. */
async function expectCounted(check: string, did: string, suffered: Suffered, sinceMs: number) {
  const measuresMemory = LONG && check.includes('L-06');
  expect(await leash.stop()).toBe(0);
  const records = await leash.records();
  const outcome = checkLoad(origin, load.requests, records);
  const refusals = load.requests.filter(({ whole, status }) => whole && status === 503);
  const suspended = records.filter(({ event }) => event === 'audit_suspended');
  const counted = suspended.reduce((sum, { refused }) => sum + (refused ?? 0), 0);
  const own = records.filter(isOwnRefusal).length;
  report({
    check,
    did,
    counted: {
      requests: load.requests.length,
      'seen by the origin': outcome.seen,
      'forwarded-unlogged': outcome.unlogged,
      'answered without an end': outcome.unended,
      '503 seen by clients': refusals.length,
      'counted by audit_suspended': counted,
      'with a record of their own': own,
      'audit_suspended records': suspended.length,
      'last request at the origin after the first 503 (ms)': suffered.lastSeenMs,
      'forwarding again after (ms)': suffered.resumedAfterMs,
      // Of the short form it would say how far the workers had come with their warming up.
      ...(measuresMemory ? { 'memory grown (MiB)': suffered.grown / MIB } : {}),
    },
    sinceMs,
  });
  expect(refusals.length).toBeGreaterThan(50);
  expect(refusals.filter(({ refusal }) => !/reason=audit_unavailable/.test(refusal))).toEqual([]);
  expect(refusals.filter(({ retryAfter }) => retryAfter === '')).toEqual([]);
  expect(outcome).toMatchObject({ ...NOTHING_LOST, open: 0 });
  expect(load.requests.filter(({ whole }) => !whole)).toEqual([]);
  expect(suspended).toHaveLength(1);
  expect(counted + own).toBe(refusals.length);
  expect(suffered.lastSeenMs).toBeLessThan(within(100));
  expect(suffered.resumedAfterMs).toBeLessThan(within(2_000));
  if (measuresMemory) expect(suffered.grown).toBeLessThan(20 * MIB);
  expect(await leash.verifyChain()).toMatchObject({ code: 0, stderr: '' });
}

const isOwnRefusal = ({ event, reason }: LogRecord) =>
  event === 'blocked' && reason === 'audit_unavailable';

it.runIf(canMount)(
  'L-06, L-07: a log whose last byte is taken refuses, counts exactly, and goes on when 2 MB are free',
  async () => {
    const sinceMs = performance.now();
    await start('size=16m', { bodyBytes: 500, warmUp: scaled(50, 3_000) });
    disk.fill();
    await waitFor(() => load.answers(503) > 0, {
      what: 'a refusal',
      timeoutMs: 20_000,
      everyMs: 5,
    });
    // leash has given back its reserve, for the last records of what ran; what is left of it is taken, too.
    const refusedMs = performance.now();
    await waitFor(() => performance.now() - refusedMs > 100, {
      what: 'the end of what ran',
      timeoutMs: 5_000,
      everyMs: 5,
    });
    disk.fill();
    const suffered = await sufferThen(() => disk.release(2 * MIB), FULL_MS);
    await expectCounted(
      'L-06, L-07',
      'a 16 MB file system filled to the last byte',
      suffered,
      sinceMs,
    );
  },
);

it.runIf(canMount)(
  'L-07: a log that cannot make its next segment, for want of inodes, refuses and goes on when there is one',
  async () => {
    const sinceMs = performance.now();
    const env = { LEASH_ROTATE_MB: '1' };
    await start('size=64m,nr_inodes=64', { env, bodyBytes: 8_000, warmUp: 50 });
    const folder = join(disk.path, 'fillers');
    mkdirSync(folder);
    const fill = () => {
      for (;;) {
        try {
          closeSync(openSync(join(folder, String(readdirSync(folder).length)), 'w'));
        } catch {
          return;
        }
      }
    };
    fill();
    const suffered = await sufferThen(() => {
      for (const name of readdirSync(folder)) unlinkSync(join(folder, name));
    }, 1_000);
    await expectCounted('L-07', 'no inode for the next segment', suffered, sinceMs);
  },
);

it.runIf(canMount)(
  'L-06: a stop while the log cannot be written leaves what it owes on the record, or fails',
  async () => {
    const sinceMs = performance.now();
    await start('size=16m', { bodyBytes: 0, warmUp: 50 });
    await waitFor(
      () => {
        disk.fill();
        return load.answers(503) > 50;
      },
      { what: 'refusals', timeoutMs: 20_000, everyMs: 5 },
    );
    await load.stop();
    const code = await leash.stop();
    const records = await leash.records();
    const suspended = records.find(({ event }) => event === 'audit_suspended');
    const own = records.filter(isOwnRefusal).length;
    const outcome = checkLoad(origin, load.requests, records);
    const counted = {
      'exit code': String(code),
      '503 seen by clients': load.answers(503),
      'counted by audit_suspended': suspended?.refused ?? 0,
      'flows left open': outcome.open,
    };
    report({ check: 'L-06', did: 'SIGTERM while the disk is full', counted, sinceMs });
    if (code !== 0) return;
    expect(records.at(-1)).toMatchObject({ event: expect.stringMatching(/^(stop|checkpoint)$/) });
    expect((suspended?.refused ?? 0) + own).toBe(load.answers(503));
    expect(outcome).toMatchObject({ ...NOTHING_LOST, open: 0 });
  },
);
