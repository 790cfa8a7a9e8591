// The one clock of all processes of a machine: CLOCK_MONOTONIC, in milliseconds with their fraction.

/** Milliseconds since the machine started, the same in every process and thread. */
export function nowMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
