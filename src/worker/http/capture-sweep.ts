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
  /** Null: there is no pass. */
  #rest: Iterator<Swept> | null = null;
  /** How many this pass has not looked at yet, at most: who comes meanwhile does not prolong it. */
  #left = 0;
  #sliceMs: number = LIMITS.sweepSliceMs;

  /** `captures` may gain and lose members between two turns; `now` is in ms. */
  constructor(captures: ReadonlySet<Swept>, now: () => number) {
    this.#captures = captures;
    this.#now = now;
  }

  /**
   * Call once a second. Begins a pass; where the last one goes on, it gets more of each turn: whoever
   * has thousands of captures due makes nobody's record late by more than some seconds.
   */
  start(): void {
    if (this.#rest !== null) {
      this.#sliceMs = Math.min(this.#sliceMs * 2, LIMITS.sweepSliceMostMs);
      return;
    }
    this.#rest = this.#captures.values();
    this.#left = this.#captures.size;
    this.#sliceMs = LIMITS.sweepSliceMs;
    this.#continue(this.#rest);
  }

  #continue(rest: Iterator<Swept>): void {
    const beganMs = this.#now();
    let nowMs = beganMs;
    // The clock may have been set.
    while (Math.abs(nowMs - beganMs) < this.#sliceMs) {
      const next = this.#left > 0 ? rest.next() : null;
      if (next === null || next.done) {
        this.#rest = null;
        return;
      }
      this.#left -= 1;
      next.value.sweep(nowMs);
      nowMs = this.#now();
    }
    setTimeout(() => this.#continue(rest), LIMITS.sweepPauseMs).unref();
  }
}
