// The threads that segments are verified on, one task each. Only the edge to the package.

import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { SegmentResult, SegmentTask } from './verify-segment.ts';

type Pool = {
  run(task: SegmentTask): Promise<SegmentResult>;
  close(): Promise<void>;
};

const TASK = fileURLToPath(new URL('./verify-segment.js', import.meta.url));

/** `task`: the compiled file, because a thread of Node 20 reads no TypeScript. */
export function startPool(threads = availableParallelism(), task = TASK): Pool {
  const pool = new Piscina<SegmentTask, SegmentResult>({
    filename: task,
    name: 'verifySegment',
    minThreads: 0,
    maxThreads: threads,
    // Tasks come one right after the other, and then none.
    idleTimeout: 1_000,
    recordTiming: false,
  });
  return { run: (task) => pool.run(task), close: () => pool.destroy() };
}
