// How long to wait before a process that ended is started again: longer each time, from the beginning
// once it has lived. Pure: the clock is the caller's.

import { LIMITS } from '../shared/limits.ts';

export class Backoff {
  #nextMs: number = LIMITS.respawnMinMs;

  /** A process ended after `livedMs`: milliseconds to wait before the next one. */
  ended(livedMs: number): number {
    if (livedMs > LIMITS.respawnSettledMs) this.#nextMs = LIMITS.respawnMinMs;
    const waitMs = this.#nextMs;
    this.#nextMs = Math.min(waitMs * 2, LIMITS.respawnMaxMs);
    return waitMs;
  }
}
