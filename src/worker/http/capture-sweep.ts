// Looks after captures that wait: all of them once a second, a few in a turn of the event loop.
// Streams that began together are due together; what hundreds of them hold, sent in one turn, would
// keep every other stream of the worker waiting. Knows nothing of what a capture does when it is due.
//
// Invariant: a sweep takes no more than its slice of a turn, and one capture.

import { LIMITS } from '../../shared/limits.ts';

type Swept = {
  /** Sends what has waited too long by `nowMs`. */
  sweep(nowMs: number): void;
};

export class CaptureSweep {
  readonly #captures: ReadonlySet<Swept>;
  readonly #now: () => number;
  /** What this pass has not looked at yet; null: there is no pass. */
  #rest: Iterator<Swept> | null = null;

  /** `captures` may gain and lose members between two turns; `now` is in ms. */
  constructor(captures: ReadonlySet<Swept>, now: () => number) {
    this.#captures = captures;
    this.#now = now;
  }

  /** Begins a pass, unless the last one goes on: the more is due, the later it may leave. */
  start(): void {
    if (this.#rest !== null) return;
    this.#rest = this.#captures.values();
    this.#continue(this.#rest);
  }

  #continue(rest: Iterator<Swept>): void {
    const beganMs = this.#now();
    let nowMs = beganMs;
    // The clock may have been set back.
    while (Math.abs(nowMs - beganMs) < LIMITS.sweepSliceMs) {
      const next = rest.next();
      if (next.done) {
        this.#rest = null;
        return;
      }
      next.value.sweep(nowMs);
      nowMs = this.#now();
    }
    setTimeout(() => this.#continue(rest), LIMITS.sweepPauseMs).unref();
  }
}
