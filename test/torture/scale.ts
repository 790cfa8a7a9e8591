// How much of everything one run does. The short form is for each
// change (all of it within three minutes on two cores), the long one has the numbers of the checks.

export const LONG = process.env.TORTURE === 'long';

/** `short` or `long`, as this run is. */
export function scaled<T>(short: T, long: T): T {
  return LONG ? long : short;
}

/** A time that a check promises: held to in the long form, which has the machine to itself. */
export function within(promisedMs: number): number {
  return LONG ? promisedMs : promisedMs * 5;
}

/** Numbers that look random and are the same in each run with the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
