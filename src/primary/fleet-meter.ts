// Adds up what the workers have counted. A worker may be compromised: what it says was checked as to
// its kind (worker-control.ts), and here a count never sinks, whatever a worker says and however
// often one ends, and no sum grows beyond what a count may be, which would hide all others. What it
// may say wrongly is how much it did itself.
//
// Invariant: a sum never sinks: what a worker counted stays in it when the worker is gone.

import { growingSlots, MAX_COUNT } from '../shared/meter.ts';
import { WORKER_METRICS } from '../shared/metric-tables.ts';

const GROWS: readonly boolean[] = growingSlots(WORKER_METRICS);

export class FleetMeter {
  /** Of workers that are gone; gauges go with them. */
  readonly #gone: number[] = GROWS.map(() => 0);
  readonly #live = new Map<number, readonly number[]>();

  /** All that a worker has counted since its start. */
  report(worker: number, values: readonly number[]): void {
    const before = this.#live.get(worker);
    this.#live.set(
      worker,
      values.map((value, slot) => (GROWS[slot] ? Math.max(value, before?.[slot] ?? 0) : value)),
    );
  }

  /** The worker is gone, and all that it said was read. */
  ended(worker: number): void {
    const last = this.#live.get(worker);
    this.#live.delete(worker);
    for (const [slot, value] of (last ?? []).entries()) {
      if (GROWS[slot]) this.#gone[slot] = Math.min(MAX_COUNT, (this.#gone[slot] ?? 0) + value);
    }
  }

  /** The sums, in the order of `WORKER_METRICS`. */
  read(): number[] {
    const sums = [...this.#gone];
    for (const values of this.#live.values()) {
      for (const [slot, value] of values.entries()) {
        sums[slot] = Math.min(MAX_COUNT, (sums[slot] ?? 0) + value);
      }
    }
    return sums;
  }
}
