// How often V8 looks through the heap of this process, which reads all that workers copy.

import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/** Of some less, V8 itself lets a heap grow to 1.3 to 2 times what lives in it; from about here on, to 4 times. */
const LARGE_HEAP_BYTES = 2 * 1024 ** 3;

/**
 * V8's setting for a process whose heap may have `limitBytes`; null: as V8 has it. What is read from pipes
 * counts as heap: under load a quarter of the primary's time went into marking 13 MB again and again, since
 * V8 lowers its factor where a heap fills fast. So the factor is fixed, at the most that V8 takes by itself.
 */
export function heapFlag(limitBytes: number): string | null {
  return limitBytes >= LARGE_HEAP_BYTES ? '--heap-growing-percent=300' : null;
}

/** Sets it for this process and its threads. */
export function growHeapFreely(): void {
  const flag = heapFlag(getHeapStatistics().heap_size_limit);
  if (flag !== null) setFlagsFromString(flag);
}
