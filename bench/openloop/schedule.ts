// When requests are due. An open loop asks at these times whatever the answers do. Pure.

export type Schedule = {
  /** `poisson`: as many independent clients ask; `fixed`: all gaps are the same. */
  readonly kind: 'poisson' | 'fixed';
  readonly perSecond: number;
  readonly seconds: number;
  readonly seed: number;
};

/** More is a mistake, not a load: eight bytes and one request each. */
const MAX_ARRIVALS = 2_000_000;

/** Milliseconds from the start, ascending, all of them before the end. */
export function arrivalTimes({ kind, perSecond, seconds, seed }: Schedule): Float64Array {
  const isUsable = perSecond > 0 && seconds > 0 && perSecond * seconds <= MAX_ARRIVALS;
  if (!isUsable) throw new Error(`Cannot schedule ${perSecond} a second for ${seconds} s`);
  const endMs = seconds * 1000;
  const gapMs = 1000 / perSecond;
  const random = randomNumbers(seed);
  const times: number[] = [];
  let at = kind === 'fixed' ? 0 : gapAfter(random(), gapMs);
  while (at < endMs) {
    times.push(at);
    at = kind === 'fixed' ? times.length * gapMs : at + gapAfter(random(), gapMs);
  }
  return Float64Array.from(times);
}

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The gaps of a Poisson process are exponential. */
function gapAfter(random: number, meanMs: number): number {
  return -Math.log(1 - random) * meanMs;
}
