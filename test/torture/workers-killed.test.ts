// L-01: workers that die under load, as one does that hostile bytes bring down, again and again.

import { afterEach, beforeEach, expect, it } from 'vitest';
import type { LogRecord } from '../support/leash-records.ts';
import type { Load, LoadRequest } from '../support/load.ts';
import { checkLoad, NOTHING_LOST } from '../support/load-check.ts';
import { type LoadOrigin, startLoadOrigin } from '../support/load-origin.ts';
import { type Leash, startLeash } from '../support/start-leash.ts';
import { waitFor } from '../support/wait-for.ts';
import { report } from './report.ts';
import { listeningWorkers, moreServed, percentile, startKillLoad } from './rig.ts';
import { scaled, seededRandom, within } from './scale.ts';

const KILLS = scaled(8, 60);
const EVERY_MS = 1000;
const WORKERS = 2;

let origin: LoadOrigin;
let leash: Leash;
let load: Load;

beforeEach(async () => {
  origin = await startLoadOrigin();
  leash = await startLeash({ workers: WORKERS });
  load = startKillLoad(leash, origin);
});
afterEach(async () => {
  await load.stop();
  await leash.close();
  await origin.close();
});

type Kill = { readonly number: number; readonly atMs: number };

/** Kills one of the workers that listen; gives how long it took until as many listened again. */
async function killOne(random: () => number, kills: Kill[]): Promise<number> {
  const workers = await listeningWorkers(leash);
  const victim = workers[Math.floor(random() * workers.length)] ?? { number: 0, pid: 0 };
  expect(victim.pid).toBeGreaterThan(0);
  process.kill(victim.pid, 'SIGKILL');
  const atMs = Date.now();
  kills.push({ number: victim.number, atMs });
  const replaced = async () => {
    const now = await listeningWorkers(leash);
    return now.length === WORKERS && !now.some(({ number }) => number === victim.number);
  };
  await waitFor(replaced, { what: 'a new worker', timeoutMs: 20_000 });
  return Date.now() - atMs;
}

/** How long after a worker's death its last `worker_exit` record was made. */
function exitDelays(kills: readonly Kill[], records: readonly LogRecord[]): number[] {
  return kills.map(({ number, atMs }) => {
    const exits = records.filter(
      ({ reason, worker }) => reason === 'worker_exit' && worker === number,
    );
    return Math.max(0, ...exits.map(({ ts }) => ts * 1000 - atMs));
  });
}

/** Requests without a whole answer, on connections that a worker served which was not killed. */
function othersFailures(
  requests: readonly LoadRequest[],
  records: readonly LogRecord[],
  killed: ReadonlySet<number>,
) {
  const workerOf = new Map(records.map(({ url, worker }) => [url, worker]));
  const byConnection = new Map<number, number>();
  for (const { url, connection } of requests) {
    const worker = workerOf.get(url);
    if (worker !== undefined) byConnection.set(connection, worker);
  }
  const failed = requests.filter(({ whole }) => !whole);
  const servedBy = failed.map(({ connection }) => byConnection.get(connection));
  return {
    failed: failed.length,
    unknown: servedBy.filter((worker) => worker === undefined).length,
    ofOthers: servedBy.filter((worker) => worker !== undefined && !killed.has(worker)).length,
  };
}

it(`L-01: ${KILLS} SIGKILLs of workers under load cost their own connections only, and leave nothing unrecorded`, async () => {
  const sinceMs = performance.now();
  const random = seededRandom(1);
  const kills: Kill[] = [];
  const respawns: number[] = [];
  await moreServed(load, 100);
  for (let n = 0; n < KILLS; n += 1) {
    const nextMs = Date.now() + EVERY_MS;
    respawns.push(await killOne(random, kills));
    await waitFor(() => Date.now() >= nextMs, { what: 'the next second', timeoutMs: EVERY_MS * 2 });
  }
  await moreServed(load, 100);
  await load.stop();
  expect(await leash.stop()).toBe(0);
  const records = await leash.records();
  const outcome = checkLoad(origin, load.requests, records);
  const failures = othersFailures(
    load.requests,
    records,
    new Set(kills.map(({ number }) => number)),
  );
  const delays = exitDelays(kills, records);
  report({
    check: 'L-01',
    did: `${KILLS} SIGKILLs of workers`,
    counted: {
      requests: load.requests.length,
      'seen by the origin': outcome.seen,
      'forwarded-unlogged': outcome.unlogged,
      'answered without an end': outcome.unended,
      'cut off': failures.failed,
      'cut off of other workers': failures.ofOthers,
      'worker_exit records': records.filter(({ reason }) => reason === 'worker_exit').length,
      'latest of them (ms)': Math.max(...delays),
      'slowest respawn (ms)': Math.max(...respawns),
      'median respawn (ms)': percentile(respawns, 0.5),
    },
    sinceMs,
  });
  expect(outcome).toMatchObject({ ...NOTHING_LOST, open: 0 });
  expect(failures.ofOthers).toBe(0);
  expect(Math.max(...delays)).toBeLessThanOrEqual(within(1_000));
  expect(Math.max(...respawns)).toBeLessThanOrEqual(within(2_000));
  expect(await leash.verifyChain()).toMatchObject({ code: 0, stderr: '' });
});
