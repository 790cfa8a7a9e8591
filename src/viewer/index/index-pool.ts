// The thread in which indexes are made: one, at low priority, so that whoever serves comes first. Only
// the edge to the package, and what the thread does first.

import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { type BuildResult, type BuildTask, buildIndex } from './build-index.ts';

export type IndexPool = {
  build(task: BuildTask): Promise<BuildResult>;
  close(): Promise<void>;
};

const TASK = fileURLToPath(new URL('./index-pool.js', import.meta.url));
/** The heap of an index of a large segment is some tens of megabytes; its columns lie beside it. */
const MAX_HEAP_MB = 192;
const MAX_YOUNG_MB = 16;
const LOW_PRIORITY = 15;

/** `task`: this file, compiled, because a thread of Node 20 reads no TypeScript. */
export function startIndexPool(task = TASK): IndexPool {
  const pool = new Piscina<BuildTask, BuildResult>({
    filename: task,
    name: 'buildInThread',
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: 1_000,
    recordTiming: false,
    resourceLimits: {
      maxOldGenerationSizeMb: MAX_HEAP_MB,
      maxYoungGenerationSizeMb: MAX_YOUNG_MB,
    },
  });
  return { build: (wanted) => pool.run(wanted), close: () => pool.destroy() };
}

/** Runs in the thread. */
export function buildInThread(task: BuildTask): Promise<BuildResult> {
  lowerPriority();
  return buildIndex(task);
}

function lowerPriority(): void {
  try {
    // A thread's own number; that of the process would slow down the viewer.
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    if (thread > 0 && thread !== process.pid) setPriority(thread, LOW_PRIORITY);
  } catch {
    // Without a /proc it runs as everything else does.
  }
}
