// How much of a core searches take while requests pass: a fleet waits for its answers on the same cores, and
// an operator who searches a large log must not be felt there. Knows no query.
//
// Invariant: a search that rests takes up to four times as long as without, and no longer.

import { stat } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';

/** Of one core, for all searches together, in the long run. */
const SHARE = 1 / 4;
/** Work that needs no rest: a count of some million rows. */
const BURST_MS = 100;
/** Rests that are due for shorter ones wait, for they are not worth a timer. */
const LEAST_REST_MS = 4;
/** Of work that was done and not rested from, no more is remembered. */
const MOST_LEVEL_MS = BURST_MS + 250;
/** The log is looked at so often, */
const LOOK_MS = 250;
/** and requests pass where it grows so fast: by some hundred of them, or a few with long bodies. */
const GROWTH_BYTES_S = 256 * 1024;
/** What was written before the last search may have come hours ago. */
const STALE_MS = 2000;

/** Steady milliseconds; tests have their own. */
export type ShareClock = {
  now(): number;
  /** How long this thread has worked. */
  workedMs(): number;
  pause(ms: number): Promise<void>;
};

/** To be called between two slices of a search: rests where that is due, and gives for how many milliseconds. */
export type Rest = () => Promise<number>;

const CLOCK: ShareClock = {
  now: () => performance.now(),
  workedMs: () => performance.eventLoopUtilization().active,
  pause,
};

/** One for all searches of a process. */
export class CoreShare {
  readonly #logPath: string;
  readonly #clock: ShareClock;
  #seenMs: number;
  #threadMs: number;
  /** Work of all searches. */
  #totalMs = 0;
  /** The same, as far as it was not rested from: drains at `SHARE`. */
  #levelMs = 0;
  #look = { atMs: Number.NEGATIVE_INFINITY, ino: 0, size: 0 };
  #isBusy = false;

  /** `logPath`: leads to the segment that is written to. */
  constructor(logPath: string, clock: ShareClock = CLOCK) {
    this.#logPath = logPath;
    this.#clock = clock;
    this.#seenMs = clock.now();
    this.#threadMs = clock.workedMs();
  }

  /** One more search, which does not rest in its first `freeMs`. */
  begin(freeMs = 0): Rest {
    const beganMs = this.#clock.now();
    let resumedMs = beganMs;
    let rested = this.#totalMs;
    return async () => {
      const now = this.#clock.now();
      this.#account(now, resumedMs);
      resumedMs = now;
      if (now - beganMs < freeMs) rested = this.#totalMs;
      // For its own work, and for that of others which it was not asleep to.
      const owedMs = (this.#totalMs - rested) * (1 / SHARE - 1);
      const restMs = Math.min(owedMs, (this.#levelMs - BURST_MS) / SHARE);
      if (restMs < LEAST_REST_MS) return 0;
      const isBusy = await this.#requestsPass(now);
      if (isBusy) await this.#clock.pause(restMs);
      else this.#levelMs = Math.min(this.#levelMs, BURST_MS);
      resumedMs = this.#clock.now();
      rested = this.#totalMs;
      return isBusy ? Math.min(restMs, resumedMs - now) : 0;
    };
  }

  /** What the thread did while the search was not resting is the search's, as far as no other counted it. */
  #account(now: number, sinceMs: number): void {
    const threadMs = this.#clock.workedMs();
    const worked = Math.min(threadMs - this.#threadMs, now - sinceMs);
    const level = this.#levelMs + worked - (now - this.#seenMs) * SHARE;
    this.#threadMs = threadMs;
    this.#seenMs = now;
    this.#totalMs += worked;
    this.#levelMs = Math.min(Math.max(0, level), MOST_LEVEL_MS);
  }

  async #requestsPass(now: number): Promise<boolean> {
    const before = this.#look;
    if (now - before.atMs < LOOK_MS) return this.#isBusy;
    const { ino, size } = await stat(this.#logPath).catch(() => ({ ino: 0, size: 0 }));
    this.#look = { atMs: now, ino, size };
    const grown = ino === before.ino ? size - before.size : size;
    const ms = now - before.atMs;
    this.#isBusy = ms < STALE_MS && grown >= (GROWTH_BYTES_S * ms) / 1000;
    return this.#isBusy;
  }
}
