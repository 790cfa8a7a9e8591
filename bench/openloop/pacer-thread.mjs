// Sleeps until each time of a schedule and wakes the thread that started it. Node's timers know whole
// milliseconds; Atomics.wait keeps to a tenth of one, and takes no CPU meanwhile.

import { parentPort, workerData } from 'node:worker_threads';

/** `times`: milliseconds from `startMs`, ascending. `asked[0]`: 1 while a wake-up is on its way. */
const { startMs, times, asked } = workerData;
const offsetMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();
const never = new Int32Array(new SharedArrayBuffer(4));

for (const time of times) {
  const left = startMs + time - offsetMs - performance.now();
  if (left > 0) Atomics.wait(never, 0, 0, left);
  // Where the other thread has not woken yet, it will look at the time by itself.
  if (Atomics.compareExchange(asked, 0, 0, 1) === 0) parentPort.postMessage(0);
}
