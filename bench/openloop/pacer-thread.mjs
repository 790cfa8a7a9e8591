// Sleeps until each time of a schedule and wakes the thread that started it. Node's timers know whole
// milliseconds; Atomics.wait keeps to a tenth of one, and takes no CPU meanwhile.

import { parentPort, workerData } from 'node:worker_threads';

/** `times`: milliseconds from `startMs`, ascending. `asked[0]`: 1 while a wake-up is on its way. */
const { startMs, times, asked } = workerData;
const never = new Int32Array(new SharedArrayBuffer(4));

for (const time of times) {
  const [seconds, nanoseconds] = process.hrtime();
  const left = startMs + time - seconds * 1000 - nanoseconds / 1e6;
  if (left > 0) Atomics.wait(never, 0, 0, left);
  // Where the other thread has not woken yet, it will look at the time by itself.
  if (Atomics.compareExchange(asked, 0, 0, 1) === 0) parentPort.postMessage(0);
}
