// Calls back at the times of a schedule, and says how late it was.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { nowMs } from './clock.ts';

const THREAD = new URL('./pacer-thread.mjs', import.meta.url);
/** A thread starts within this time; the first call is not late. */
const AHEAD_MS = 200;

/** `due` gets each time as it stands on the clock; resolves after the last, with the last time. */
export async function pace(
  times: Float64Array,
  due: (scheduledMs: number, index: number) => void,
  startMs = nowMs() + AHEAD_MS,
): Promise<number> {
  const asked = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Worker(THREAD, { workerData: { startMs, times, asked } });
  const ended = once(thread, 'exit');
  let next = 0;
  const catchUp = () => {
    Atomics.store(asked, 0, 0);
    for (; next < times.length; next += 1) {
      const scheduledMs = startMs + (times[next] ?? 0);
      if (scheduledMs > nowMs()) return;
      due(scheduledMs, next);
    }
  };
  thread.on('message', catchUp);
  await ended;
  // The thread wakes by its clock, at or after each time: here all of them are due.
  for (; next < times.length; next += 1) due(startMs + (times[next] ?? 0), next);
  return startMs + (times.at(-1) ?? 0);
}
