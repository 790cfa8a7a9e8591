// `/metrics` for Prometheus: what the status file says, what primary and workers have counted, and what
// the viewer sees of itself and of the disk. Numbers only, no names of hosts, clients or rules; the
// access rules of the record hold for it.

import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Hono } from 'hono';
import {
  LOOP_RESOLUTION_MS,
  meterProcess,
  PRIMARY_METRICS,
  PROCESS_METRICS,
  WORKER_METRICS,
} from '../../shared/metric-tables.ts';
import { parseMetricsFile } from '../../shared/metrics-file.ts';
import type { GuardDeps } from '../access/guard.ts';
import type { Searcher } from '../search/searcher.ts';
import { readRoom } from '../state/disk.ts';
import { readLastCheckpoint } from '../state/last-checkpoint.ts';
import { readStatus } from '../status.ts';
import type { ViewerEnv } from '../viewer-env.ts';
import { type Family, familiesOf, formatFamilies, gauge, gauges } from './family.ts';
import { SegmentSizes } from './segment-sizes.ts';
import { statusFamilies } from './status-families.ts';
import { VIEWER_METRICS, type ViewerMeter } from './viewer-metrics.ts';

/** A folder of a thousand segments is not looked at for each request. */
const DISK_MS = 10_000;

export function createMetrics(
  deps: GuardDeps,
  { meter, searcher }: { meter: ViewerMeter; searcher: Pick<Searcher, 'progress'> },
) {
  const { config } = deps;
  const sizes = new SegmentSizes(config.logPath);
  let disk: Promise<Family[]> | null = null;
  let freshUntil = Number.NEGATIVE_INFINITY;
  startTicks(meter);

  function readDisk(): Promise<Family[]> {
    if (disk !== null && deps.monotonicNow() < freshUntil) return disk;
    freshUntil = deps.monotonicNow() + DISK_MS;
    disk = diskFamilies(config, sizes);
    return disk;
  }

  async function viewerFamilies(): Promise<Family[]> {
    const { segments, indexed } = await searcher.progress();
    return [
      ...familiesOf(VIEWER_METRICS, meter.read(), 'viewer', PROCESS_METRICS),
      gauge('leash_viewer_indexed_segments', 'Segments that have an index.', indexed),
      gauge(
        'leash_viewer_unindexed_segments',
        'Segments that have none, or none yet: a search reads their lines.',
        segments - indexed,
      ),
    ];
  }

  return new Hono<ViewerEnv>().get('/metrics', async (c) => {
    const { status, alive, problems } = await readStatus(config.stateDir);
    const counted = alive && status ? await countedFamilies(config.stateDir, status.bootId) : [];
    const { text, contentType } = await formatFamilies([
      ...statusFamilies(status, problems.length === 0),
      ...counted,
      ...(await viewerFamilies()),
      ...(await readDisk()),
    ]);
    return c.body(text, 200, { 'content-type': contentType });
  });
}

/** What primary and workers have counted in this run; nothing where that is not known. */
async function countedFamilies(stateDir: string, bootId: string): Promise<Family[]> {
  const path = join(stateDir, 'run', 'metrics.json');
  const text = await readFile(path, 'utf8').catch(() => '');
  const file = parseMetricsFile(text);
  if (file === null || file.bootId !== bootId) return [];
  return [
    ...familiesOf(WORKER_METRICS, file.workers, 'worker', PROCESS_METRICS),
    ...familiesOf(PRIMARY_METRICS, file.primary, 'primary', PROCESS_METRICS),
  ];
}

async function diskFamilies(
  { logPath, stateDir }: GuardDeps['config'],
  sizes: SegmentSizes,
): Promise<Family[]> {
  const [segments, log, state, checkpoint] = await Promise.all([
    sizes.read(),
    readRoom(dirname(logPath)),
    readRoom(stateDir),
    readLastCheckpoint(logPath),
  ]);
  return [
    gauges('leash_log_segments', 'Segments of the log, by kind.', 'kind', [
      ['plain', segments?.plain ?? null],
      ['compressed', segments?.compressed ?? null],
    ]),
    gauge('leash_log_disk_bytes', 'Bytes of the segments.', segments?.bytes ?? null),
    gauges('leash_disk_free_bytes', 'Bytes that leash may still write.', 'folder', [
      ['log', log?.free_bytes ?? null],
      ['state', state?.free_bytes ?? null],
    ]),
    gauges('leash_disk_size_bytes', 'Bytes of the whole file system.', 'folder', [
      ['log', log?.total_bytes ?? null],
      ['state', state?.total_bytes ?? null],
    ]),
    gauge(
      'leash_checkpoint_timestamp_seconds',
      'When the last checkpoint was signed, in seconds since 1970.',
      checkpoint?.ts ?? null,
    ),
  ];
}

function startTicks(meter: ViewerMeter): void {
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loop.enable();
  const measure = () => {
    const [memory, cpu] = [process.memoryUsage, process.cpuUsage()];
    meterProcess(meter, { memory, cpu, longestTickNs: loop.max });
    loop.reset();
  };
  measure();
  setInterval(measure, 1000).unref();
}
