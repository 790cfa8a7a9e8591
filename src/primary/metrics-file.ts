// Brings what the primary counts up to date and publishes it, with the sums of the workers, in
// `run/metrics.json`: each second while something happens, else every ten.

import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { slotCount } from '../shared/meter.ts';
import {
  LOOP_RESOLUTION_MS,
  meterProcess,
  PROCESS_METRICS,
  type PrimaryMeter,
} from '../shared/metric-tables.ts';
import type { MetricsFile } from '../shared/metrics-file.ts';
import type { AuditLog } from './log/audit-log.ts';
import { openStatusFile } from './status-file.ts';
import type { Fleet } from './workers.ts';

export type MetricsDeps = {
  readonly meter: PrimaryMeter;
  readonly stateDir: string;
  readonly bootId: string;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  readonly caCertPem: string;
  readonly log: Pick<AuditLog, 'status' | 'totals' | 'waitingBytes' | 'suspendedS'>;
  readonly fleet: Pick<Fleet, 'counts' | 'restarts'>;
  onError(error: unknown): void;
};

const TICK_MS = 1000;
/** What workers say of themselves stands first: how many there are, and what changes in any case. */
const OWN_SLOTS = slotCount(PROCESS_METRICS);
/** A machine that does nothing need not write each second. */
const IDLE_TICKS = 10;

/** Starts publishing; what is given ends it, with the numbers of the end. */
export async function startMetrics(deps: MetricsDeps): Promise<{ close(): Promise<void> }> {
  const { meter, log, fleet, bootId } = deps;
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loop.enable();
  meter.set('started', deps.startedMs / 1000);
  meter.set('caExpiry', Date.parse(new X509Certificate(deps.caCertPem).validTo) / 1000);
  const file = await openStatusFile(
    join(deps.stateDir, 'run', 'metrics.json'),
    (): MetricsFile => ({ bootId, primary: meter.read(), workers: fleet.counts() }),
    deps.onError,
  );
  let published = '';
  let ticks = 0;

  function measure(): void {
    const [memory, cpu] = [process.memoryUsage, process.cpuUsage()];
    meterProcess(meter, { memory, cpu, longestTickNs: loop.max });
    loop.reset();
    const totals = log.totals();
    meter.raise('uninspected', totals.uninspectedBytes);
    meter.raise('unrecorded', totals.refused);
    // What is not over is on no record yet; when it is, the record says the same.
    meter.raise('suspended', totals.suspendedS + log.suspendedS());
    meter.raise('workerRestarts', fleet.restarts());
    meter.set('logWaiting', log.waitingBytes());
  }

  const timer = setInterval(() => {
    measure();
    ticks += 1;
    const [running, ...counts] = fleet.counts();
    const facts = [log.status().seq, log.suspendedS(), fleet.restarts(), running];
    const state = [...facts, ...counts.slice(OWN_SLOTS - 1)].join();
    if (state === published && ticks < IDLE_TICKS) return;
    published = state;
    ticks = 0;
    file.touch();
  }, TICK_MS);
  measure();
  await file.flush();

  return {
    async close() {
      clearInterval(timer);
      measure();
      await file.flush();
    },
  };
}
