// Who goes first on the one event loop of the viewer: a page of rows, before counts and the growing index.
// Somebody waits for a page and sees nothing meanwhile. Knows nothing of what is done in a turn.

import { setImmediate as nextTurn } from 'node:timers/promises';

/** A page that takes longer shares with the others, so that a long search holds no count up for good. */
const PRECEDENCE_MS = 100;
/** From the moment that a browser opens the page until it has drawn rows. */
const OPENING_MS = 300;

/** One for all that a viewer's searches share. */
export class Turns {
  readonly #waiting = new Set<() => void>();
  #pages = 0;
  #until = 0;
  #heldUntil = 0;

  /** Does work for which others wait that pass. */
  async first<T>(work: () => Promise<T>): Promise<T> {
    this.#pages += 1;
    this.#until = performance.now() + PRECEDENCE_MS;
    try {
      return await work();
    } finally {
      this.#pages -= 1;
      if (this.#pages === 0 && this.#heldUntil <= performance.now()) this.#goOn();
    }
  }

  /** Somebody opens the page: a browser on this machine needs its cores now. */
  hold(): void {
    this.#heldUntil = performance.now() + OPENING_MS;
  }

  /** Between two slices of work that can wait: others have their turn, and a page all that it needs. */
  async pass(): Promise<void> {
    await nextTurn();
    const now = performance.now();
    const ms = Math.max(this.#pages === 0 ? 0 : this.#until - now, this.#heldUntil - now);
    if (ms <= 0) return;
    await this.#pageIsThere(ms);
    // Its answer is sent before anything else is done.
    await nextTurn();
  }

  #goOn(): void {
    for (const go of this.#waiting) go();
  }

  #pageIsThere(mostMs: number): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        clearTimeout(timer);
        this.#waiting.delete(go);
        resolve();
      };
      const timer = setTimeout(go, mostMs);
      this.#waiting.add(go);
    });
  }
}
