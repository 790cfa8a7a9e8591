// The one clock of all processes of a machine: CLOCK_MONOTONIC, in milliseconds with their fraction.

/** performance.now() is cheap and counts from the start of its process; hrtime counts from the machine's. */
const OFFSET_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** Milliseconds since the machine started, the same in every process and thread. */
export function nowMs(): number {
  return performance.now() + OFFSET_MS;
}
