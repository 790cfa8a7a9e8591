// L-07: the log's folder turns read-only, or is removed, while leash runs under load: nothing passes
// unrecorded, and when the folder can be used again it goes on without a restart.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Load, startLoad } from '../support/load.ts';
import { checkLoad, NOTHING_LOST } from '../support/load-check.ts';
import { type LoadOrigin, startLoadOrigin } from '../support/load-origin.ts';
import { type Leash, startLeash } from '../support/start-leash.ts';
import { waitFor } from '../support/wait-for.ts';
import { pathFilters } from './drive-log.ts';
import { report } from './report.ts';
import { forwardingAgain, moreServed } from './rig.ts';
import { within } from './scale.ts';

/** Attaching strace to a process that it did not start takes root on most machines. */
const isRoot = process.getuid?.() === 0;

let origin: LoadOrigin;
let leash: Leash;
let load: Load;
let tracer: ChildProcess | null = null;

beforeEach(async () => {
  origin = await startLoadOrigin();
  leash = await startLeash({ workers: 2 });
  load = startLoad({
    proxyPort: leash.proxyPort,
    origin: origin.url,
    connections: 50,
    perSecond: 200,
    bodyBytes: 500,
    tunnelEvery: 10,
  });
});
afterEach(async () => {
  await detach();
  await load.stop();
  await leash.close();
  await origin.close();
});

/** From now on each write to a file of the log fails; other files, and other processes, are left alone. */
async function failWrites(error: string): Promise<void> {
  const inject = ['-e', 'trace=pwrite64', '-e', `inject=pwrite64:error=${error}`];
  const paths = pathFilters(leash.logPath, 3);
  tracer = spawn('strace', ['-f', ...inject, ...paths, '-p', String(leash.pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  tracer.stderr?.on('data', (chunk) => {
    said = (said + String(chunk)).slice(-10_000);
  });
  await waitFor(() => said.includes('attached'), { what: 'strace to attach' });
}

async function detach(): Promise<void> {
  if (tracer === null) return;
  const ended = once(tracer, 'exit');
  tracer.kill('SIGINT');
  await ended;
  tracer = null;
}

/** Waits for refusals, then for the first answer after `mend`; how long that took. */
async function sufferUntil(mend: () => Promise<void>): Promise<number> {
  await waitFor(() => load.answers(503) > 50, { what: 'refusals', timeoutMs: 20_000 });
  const served = load.served();
  await mend();
  const mendedMs = performance.now();
  const resumedAfterMs = await forwardingAgain(load, served, mendedMs);
  await load.stop();
  return resumedAfterMs;
}

it.runIf(isRoot).each(['EROFS', 'EIO'])(
  'L-07: a log that cannot be written (%s) refuses, counts exactly, and goes on when it can',
  async (error) => {
    const sinceMs = performance.now();
    await moreServed(load, 50);
    await failWrites(error);
    const resumedAfterMs = await sufferUntil(detach);
    expect(await leash.stop()).toBe(0);
    const records = await leash.records();
    const outcome = checkLoad(origin, load.requests, records);
    const refusals = load.requests.filter(({ whole, status }) => whole && status === 503);
    const suspended = records.filter(({ event }) => event === 'audit_suspended');
    const own = records.filter(({ reason }) => reason === 'audit_unavailable');
    report({
      check: 'L-07',
      did: `writes that fail with ${error}`,
      counted: {
        requests: load.requests.length,
        'seen by the origin': outcome.seen,
        'forwarded-unlogged': outcome.unlogged,
        'answered without an end': outcome.unended,
        '503 seen by clients': refusals.length,
        'counted by audit_suspended': suspended[0]?.refused ?? 0,
        'with a record of their own': own.length,
        'forwarding again after (ms)': resumedAfterMs,
      },
      sinceMs,
    });
    expect(outcome).toMatchObject({ ...NOTHING_LOST, open: 0 });
    expect(suspended).toHaveLength(1);
    expect(suspended[0]?.refused + own.length).toBe(refusals.length);
    expect(await leash.verifyChain()).toMatchObject({ code: 0, stderr: '' });
  },
);

it('L-07: a log folder that is removed under load is noticed, and used again when it is there', async () => {
  const sinceMs = performance.now();
  await moreServed(load, 50);
  const dir = dirname(leash.logPath);
  const removed = join(leash.dir, 'removed');
  const atMs = performance.now();
  await rename(dir, removed);
  await waitFor(() => load.answers(503) > 0, { what: 'a refusal', timeoutMs: within(2_000) });
  const noticedAfterMs = performance.now() - atMs;
  const resumedAfterMs = await sufferUntil(async () => {
    await mkdir(dir);
  });
  expect(await leash.stop()).toBe(0);
  expect(existsSync(leash.logPath)).toBe(true);
  // What stood in the folder that was removed is its first part.
  const both = join(leash.dir, 'both');
  await cp(removed, both, { recursive: true, verbatimSymlinks: true });
  await cp(dir, both, { recursive: true, verbatimSymlinks: true, force: true });
  await rm(dir, { recursive: true });
  await rename(both, dir);
  const records = await leash.records();
  const outcome = checkLoad(origin, load.requests, records);
  report({
    check: 'L-07',
    did: 'the folder of the log removed, then made again',
    counted: {
      requests: load.requests.length,
      'seen by the origin': outcome.seen,
      'forwarded-unlogged': outcome.unlogged,
      'answered without an end': outcome.unended,
      'noticed after (ms)': noticedAfterMs,
      'forwarding again after (ms)': resumedAfterMs,
    },
    sinceMs,
  });
  expect(outcome).toMatchObject({ unlogged: 0, unended: 0, disordered: 0 });
});
