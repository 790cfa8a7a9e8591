// Ratios of rounds → whether leash became dearer. Pure but for the rounds that it asks for.

import { spreadOf } from '../statistics.ts';

/** Above the recorded ratio by this much, it is no chance and no other machine. */
const ALLOWED = 1.5;
const ROUNDS = 5;
/** What fails is measured once more, for longer. */
const ROUNDS_AGAIN = 9;

export type Judged = {
  readonly ratio: number;
  readonly limit: number;
  readonly isMet: boolean;
};

/** `measure` gives the ratio of each of so many rounds. */
export async function judgeRatio(
  measure: (rounds: number) => Promise<readonly number[]>,
  recorded: number,
): Promise<Judged> {
  const limit = recorded * ALLOWED;
  let ratio = medianOf(await measure(ROUNDS));
  if (ratio > limit) ratio = medianOf(await measure(ROUNDS_AGAIN));
  return { ratio, limit, isMet: ratio <= limit };
}

/** Throws where there is none. */
export function medianOf(ratios: readonly number[]): number {
  const spread = spreadOf(ratios);
  if (spread === null) throw new Error('Cannot judge ratio: no round was measured');
  return spread.median;
}
