// The thread that works on whole segments, one task at a time, beside the event loop. The only home of
// piscina here: what it runs is segment-task.ts.

import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { InspectInput, Inspection, OrphanedFlow } from './segment-task.ts';

export type SegmentPool = {
  inspect(input: InspectInput): Promise<Inspection>;
  compress(path: string): Promise<'compressed' | 'damaged'>;
  findOpenFlows(paths: readonly string[]): Promise<OrphanedFlow[]>;
  /** Ends the thread; what it was at is done again at the next start. */
  close(): Promise<void>;
};

/** A thread is made with the first task and ends when there was none for a while. */
const IDLE_MS = 10_000;

export function openSegmentPool(): SegmentPool {
  const pool = new Piscina({
    filename: fileURLToPath(new URL('./segment-task.js', import.meta.url)),
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: IDLE_MS,
  });
  let isClosed = false;
  /** An error loses its code on the way out of a thread; its text begins with it. */
  const run = (task: string, input: unknown) =>
    pool.run(input, { name: task }).catch((error: Error) => {
      // The thread was ended: that says nothing about a segment, and nobody waits any more.
      if (isClosed) return new Promise<never>(() => {});
      const code = /^(E[A-Z]+):/.exec(error.message)?.[1];
      throw code === undefined ? error : Object.assign(error, { code });
    });
  return {
    inspect: (input) => run('inspectSegment', input),
    compress: (path) => run('compressSegment', path),
    findOpenFlows: (paths) => run('findOpenFlows', paths),
    close() {
      isClosed = true;
      return pool.destroy();
    },
  };
}
