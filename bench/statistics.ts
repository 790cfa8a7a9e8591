// Numbers of rounds → the smallest, the middle and the largest; and of two programs, round by round,
// their ratio: what changes on the machine from one round to the next changes both. Pure.

export type Spread = { readonly min: number; readonly median: number; readonly max: number };

/** Null: there are no numbers. Of an even count the median is the mean of the two in the middle. */
export function spreadOf(numbers: readonly number[]): Spread | null {
  const sorted = [...numbers].sort((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) return null;
  const half = sorted.length / 2;
  const [low = min, high = min] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]];
  return { min, median: (low + high) / 2, max };
}

/** A measurement of a round, as far as it is looked at here. */
type Round = Readonly<Record<string, number>>;

/** A metric of all rounds that have it. */
export function valuesOf(rounds: readonly Round[], metric: string): number[] {
  return rounds.flatMap((round) => round[metric] ?? []);
}

/** Ratios within the same round; a round that one of them lacks, or where the base is zero, has none. */
export function ratiosOf(
  rounds: readonly Round[],
  base: readonly Round[],
  metric: string,
): number[] {
  return rounds.flatMap((round, at) => {
    const [value, other] = [round[metric], base[at]?.[metric]];
    return value === undefined || other === undefined || other === 0 ? [] : [value / other];
  });
}
