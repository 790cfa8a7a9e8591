// How much of a core searches take while requests pass: a fleet waits for its answers on the same cores, and
// an operator who searches a large log must not be felt there. Knows no query.
//
// Invariant: what is asked now and then goes at full speed; only who searches without end is slowed down.

import { stat } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';

/** Of one core, in the long run. */
const SHARE = 1 / 4;
/** Work that needs no rest: a page, a count of some million rows. */
const BURST_MS = 100;
/** Shorter rests are not worth a timer. */
const LEAST_REST_MS = 4;
/** Longer ones would make a search that began in quiet times stand still when requests come. */
const MOST_REST_MS = 100;
/** The log is looked at so often: it has grown since, or nothing passes. */
const LOOK_MS = 250;

/** Steady milliseconds; tests have their own. */
export type ShareClock = {
  now(): number;
  /** How long this thread has worked. */
  workedMs(): number;
  pause(ms: number): Promise<void>;
};

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
  #workedMs: number;
  /** Work that was not rested from: drains at `SHARE`. */
  #levelMs = 0;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #place = '';
  #isGrowing = false;

  /** `logPath`: leads to the segment that is written to. */
  constructor(logPath: string, clock: ShareClock = CLOCK) {
    this.#logPath = logPath;
    this.#clock = clock;
    this.#seenMs = clock.now();
    this.#workedMs = clock.workedMs();
  }

  /** Between two slices of a search: rests where it has to. Gives how many milliseconds. */
  async rest(): Promise<number> {
    const now = this.#clock.now();
    const worked = this.#clock.workedMs();
    const level = this.#levelMs + worked - this.#workedMs - (now - this.#seenMs) * SHARE;
    this.#levelMs = Math.min(Math.max(0, level), BURST_MS + MOST_REST_MS * SHARE);
    this.#seenMs = now;
    this.#workedMs = worked;
    const restMs = (this.#levelMs - BURST_MS) / SHARE;
    if (restMs < LEAST_REST_MS || !(await this.#requestsPass(now))) return 0;
    await this.#clock.pause(restMs);
    return this.#clock.now() - now;
  }

  async #requestsPass(now: number): Promise<boolean> {
    if (now - this.#lookedMs < LOOK_MS) return this.#isGrowing;
    this.#lookedMs = now;
    const { ino, size } = await stat(this.#logPath).catch(() => ({ ino: 0, size: 0 }));
    const place = `${ino}:${size}`;
    this.#isGrowing = this.#place !== '' && this.#place !== place;
    this.#place = place;
    return this.#isGrowing;
  }
}
