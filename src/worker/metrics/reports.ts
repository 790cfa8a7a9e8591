// Once a second a worker tells the primary all that it has counted since its start: a report that is
// lost costs nothing, and one that is the last but one costs a second.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { LOOP_RESOLUTION_MS, meterProcess } from '../../shared/metric-tables.ts';
import type { WorkerDeps } from '../deps.ts';

/** What is given sends one report. `waitingBytes`: on the pipe to the primary. */
export function startReports(
  { meter, link, leaves, clients }: WorkerDeps,
  waitingBytes: () => number,
): () => void {
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loop.enable();
  return () => {
    const [memory, cpu] = [process.memoryUsage, process.cpuUsage()];
    meterProcess(meter, { memory, cpu, longestTickNs: loop.max });
    loop.reset();
    const { hits, misses, mints } = leaves.counts;
    meter.raise('leafLookups', hits, 0);
    meter.raise('leafLookups', misses, 1);
    meter.raise('leafMints', mints);
    meter.set('leafEntries', leaves.size);
    meter.set('tunnelsOpen', clients.tunnels);
    meter.set('pipeBytes', waitingBytes());
    link.control({ type: 'counts', values: meter.read() });
  };
}
