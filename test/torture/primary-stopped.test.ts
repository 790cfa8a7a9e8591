// L-09: a primary that hangs, as on a disk that does not answer. Requests wait up to a limit, what is
// beyond it is refused, nothing goes out without its acknowledgement.

import { afterEach, beforeEach, expect, it } from 'vitest';
import { LIMITS } from '../../src/shared/limits.ts';
import { type Load, startLoad } from '../support/load.ts';
import { checkLoad, NOTHING_LOST } from '../support/load-check.ts';
import { type LoadOrigin, startLoadOrigin } from '../support/load-origin.ts';
import { type Leash, startLeash } from '../support/start-leash.ts';
import { waitFor } from '../support/wait-for.ts';
import { report } from './report.ts';
import { moreServed } from './rig.ts';
import { LONG, scaled, within } from './scale.ts';

const STOPPED_MS = scaled(4_000, 10_000);
const CONNECTIONS = scaled(800, 1_000);
/** What waits that long for its acknowledgement is refused, too, with what a look once a second adds. */
const LATE_MS = LIMITS.verdictMs + 1_500;

/** Within this time a signal has stopped all threads of a process. */
const SIGNAL_MS = 100;

let origin: LoadOrigin;
let leash: Leash;
let load: Load;

beforeEach(async () => {
  origin = await startLoadOrigin();
  leash = await startLeash({ workers: 1 });
  load = startLoad({
    proxyPort: leash.proxyPort,
    origin: origin.url,
    connections: CONNECTIONS,
    perSecond: 400,
    // All connections together have more to say than a worker's pipe may hold: some must be refused.
    queryBytes: 14_000,
  });
});
afterEach(async () => {
  leash.signal('SIGCONT');
  await load.stop();
  await leash.close();
  await origin.close();
});

it(`L-09: a primary that is stopped for ${STOPPED_MS / 1000} s under ${CONNECTIONS} connections forwards nothing unacknowledged and loses nothing`, async () => {
  const sinceMs = performance.now();
  await moreServed(load, CONNECTIONS);
  const stoppedMs = performance.now();
  leash.signal('SIGSTOP');
  await waitFor(() => performance.now() - stoppedMs > STOPPED_MS, {
    what: 'the time that it is stopped',
    timeoutMs: STOPPED_MS * 2,
  });
  const seenAfterMs = Math.max(0, origin.lastMs() - stoppedMs);
  const served = load.served();
  const goesOnMs = performance.now();
  leash.signal('SIGCONT');
  await waitFor(() => load.served() >= served + CONNECTIONS, {
    what: 'all connections to be served again',
    timeoutMs: 30_000,
  });
  await load.stop();
  const during = load.requests.filter(({ sentMs }) => sentMs > stoppedMs && sentMs < goesOnMs);
  // Sent when nobody can have acknowledged it any more, and at the origin before anybody could again.
  const forwarded = during.filter(
    ({ url, sentMs }) =>
      sentMs > stoppedMs + SIGNAL_MS && origin.seen.get(url)?.some((at) => at < goesOnMs),
  );
  const refused = load.requests.filter(({ status, whole }) => whole && status === 503);
  const atOnce = refused.filter(({ endMs }) => endMs < goesOnMs).map((r) => r.endMs - r.sentMs);
  const held = load.requests.filter(({ sentMs, endMs }) => sentMs < goesOnMs && endMs > goesOnMs);
  const recoveryMs = Math.max(0, ...held.map(({ endMs }) => endMs - goesOnMs));
  expect(await leash.stop()).toBe(0);
  const records = await leash.records();
  const outcome = checkLoad(origin, load.requests, records);
  const counted = records
    .filter(({ event }) => event === 'audit_suspended')
    .reduce((sum, record) => sum + record.refused, 0);
  const own = records.filter(({ event, reason }) => event === 'blocked' && reason !== undefined);
  report({
    check: 'L-09',
    did: `SIGSTOP of the primary for ${STOPPED_MS / 1000} s under ${CONNECTIONS} connections`,
    counted: {
      requests: load.requests.length,
      'sent meanwhile': during.length,
      'forwarded meanwhile': forwarded.length,
      'seen by the origin': outcome.seen,
      'forwarded-unlogged': outcome.unlogged,
      'answered without an end': outcome.unended,
      'last request at the origin after the stop (ms)': seenAfterMs,
      '503 seen by clients': refused.length,
      'with a record of their own': own.length,
      'counted by audit_suspended': counted,
      'slowest of them while it was stopped (ms)': Math.max(0, ...atOnce),
      'held requests': held.length,
      'answered after SIGCONT within (ms)': recoveryMs,
    },
    sinceMs,
  });
  expect(outcome).toMatchObject({ ...NOTHING_LOST, open: 0 });
  expect(forwarded).toEqual([]);
  expect(seenAfterMs).toBeLessThanOrEqual(within(200));
  expect(refused.length).toBeGreaterThan(0);
  expect(own.length + counted).toBe(refused.length);
  expect(load.requests.filter(({ whole }) => !whole)).toEqual([]);
  expect(atOnce.length).toBeGreaterThan(0);
  expect(Math.max(...atOnce)).toBeLessThanOrEqual(LONG ? LATE_MS : within(2_000));
  expect(recoveryMs).toBeLessThanOrEqual(within(2_000));
  expect(await leash.verifyChain()).toMatchObject({ code: 0, stderr: '' });
});
