// The threads that a log is scanned on. Only the edge to the package.

import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { ScanResult, ScanTask } from './log-scan.ts';

/** Who scans: `width` tasks at a time. */
export type ScanPool = {
  readonly width: number;
  run(task: ScanTask): Promise<ScanResult>;
  close(): Promise<void>;
};

const TASK = fileURLToPath(new URL('./log-scan.js', import.meta.url));
/** Each thread holds groups of its own: more of them want more memory than a log is worth. */
const MAX_THREADS = 8;

/** The compiled file, because a thread of Node 20 reads no TypeScript. */
export function startScanPool(): ScanPool {
  const width = Math.min(MAX_THREADS, availableParallelism());
  const pool = new Piscina<ScanTask, ScanResult>({
    filename: TASK,
    name: 'scanSegments',
    minThreads: 0,
    maxThreads: width,
    recordTiming: false,
  });
  return { width, run: (task) => pool.run(task), close: () => pool.destroy() };
}
