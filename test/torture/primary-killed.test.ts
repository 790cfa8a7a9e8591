// L-02: the one writer of the record dies under load, at moments that nobody chose, and is started
// again on what it left.

import { afterEach, beforeEach, expect, it } from 'vitest';
import type { LogRecord } from '../support/leash-records.ts';
import type { Load } from '../support/load.ts';
import { checkLoad, NOTHING_LOST, openBefore } from '../support/load-check.ts';
import { type LoadOrigin, startLoadOrigin } from '../support/load-origin.ts';
import { isAlive } from '../support/process-tree.ts';
import { type Leash, startLeash } from '../support/start-leash.ts';
import { waitFor } from '../support/wait-for.ts';
import { report } from './report.ts';
import { moreServed, samePorts, startKillLoad } from './rig.ts';
import { scaled, seededRandom, within } from './scale.ts';

const KILLS = scaled(8, 100);

let origin: LoadOrigin;
let first: Leash;
let leash: Leash;
let load: Load;
let env: Record<string, string>;

beforeEach(async () => {
  origin = await startLoadOrigin();
  env = { ...(await samePorts()), LEASH_ROTATE_MB: '1' };
  first = await startLeash({ workers: 2, env });
  leash = first;
  load = startKillLoad(leash, origin);
});
afterEach(async () => {
  await load.stop();
  await leash.close();
  await first.close();
  await origin.close();
});

/** Kills the primary and waits until nothing of it is left; how long the origin still saw requests. */
async function kill(): Promise<number> {
  const children = [...leash.workerPids(), ...leash.viewerPids()];
  const killedMs = performance.now();
  leash.signal('SIGKILL');
  await leash.ended;
  await waitFor(() => !children.some(isAlive), { what: 'the children to end' });
  return Math.max(0, origin.lastMs() - killedMs);
}

it(`L-02: ${KILLS} SIGKILLs of the primary under load lose no acknowledged record`, async () => {
  const sinceMs = performance.now();
  const random = seededRandom(2);
  const forwardedFor: number[] = [];
  const startMs: number[] = [];
  for (let n = 0; n < KILLS; n += 1) {
    await moreServed(load, 20 + Math.floor(random() * 300));
    forwardedFor.push(await kill());
    const startedMs = performance.now();
    leash = await startLeash({ dir: first.dir, workers: 2, env });
    startMs.push(performance.now() - startedMs);
  }
  await moreServed(load, 100);
  await load.stop();
  expect(await leash.stop()).toBe(0);
  const records = await leash.records();
  const outcome = checkLoad(origin, load.requests, records);
  const torn = records.filter(({ event }) => event === 'log_recovered');
  const epoch = Math.max(...records.map(({ id }) => Number(id.split('-')[0])));
  const withoutEnd = openBefore(records, epoch);
  const unanswered = load.requests.filter(({ whole }) => !whole).length;
  report({
    check: 'L-02',
    did: `${KILLS} SIGKILLs of the primary, each with a restart on the same log`,
    counted: {
      requests: load.requests.length,
      'seen by the origin': outcome.seen,
      'forwarded-unlogged': outcome.unlogged,
      'answered without an end': outcome.unended,
      'cut off': unanswered,
      'flows left open': withoutEnd.length,
      records: outcome.records,
      'gaps or links broken': outcome.gaps,
      'torn tails': torn.length,
      'longest forwarding after the kill (ms)': Math.max(...forwardedFor),
      'slowest start (ms)': Math.max(...startMs),
    },
    sinceMs,
  });
  // What a client had in whole just before the kill may have had its outcome on the way still.
  expect(outcome).toMatchObject(NOTHING_LOST);
  expect(epoch).toBe(KILLS + 1);
  expect(outcome.open).toBe(withoutEnd.length);
  expect(torn.filter(({ reason }) => reason !== 'torn_tail')).toEqual([]);
  expectEnds(records, withoutEnd);
  expect(Math.max(...forwardedFor)).toBeLessThanOrEqual(within(200));
  expect(await leash.verifyChain()).toMatchObject({ code: 0, stderr: '' });
});

/** Each flow that a killed primary left open has its last record from the next start. */
function expectEnds(records: readonly LogRecord[], withoutEnd: readonly string[]): void {
  expect(withoutEnd).toEqual([]);
  expect(records.filter(({ reason }) => reason === 'primary_exit').length).toBeGreaterThan(0);
}
