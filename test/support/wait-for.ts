// Waits for what has no event: a file, another process, a record. Whatever has an event is awaited.

import { setTimeout as pause } from 'node:timers/promises';

export type WaitOptions = {
  /** Ends the error message: "Gave up after 5000 ms waiting for <what>". */
  readonly what: string;
  readonly timeoutMs?: number;
  readonly everyMs?: number;
};

/** Asks `probe` until it gives something other than false, null or undefined, and returns that. */
export async function waitFor<T>(
  probe: () => T | Promise<T>,
  { what, timeoutMs = 5_000, everyMs = 20 }: WaitOptions,
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== false && value !== null && value !== undefined) {
      return value as Exclude<T, false | null | undefined>;
    }
    if (Date.now() >= deadline)
      throw new Error(`Gave up after ${timeoutMs} ms waiting for ${what}`);
    await pause(everyMs);
  }
}
