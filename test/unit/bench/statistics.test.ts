// Spreads and ratios of rounds.

import { describe, expect, it } from 'vitest';
import { ratiosOf, spreadOf, valuesOf } from '../../../bench/statistics.ts';

describe('spreadOf()', () => {
  it.each([
    [[7], { min: 7, median: 7, max: 7 }],
    [[3, 1], { min: 1, median: 2, max: 3 }],
    [[9, 1, 4], { min: 1, median: 4, max: 9 }],
    // As text, 10 is before 9.
    [[10, 9, 100, 1], { min: 1, median: 9.5, max: 100 }],
    [[5, 4, 3, 2, 1], { min: 1, median: 3, max: 5 }],
  ])('%j', (numbers, spread) => {
    expect(spreadOf(numbers)).toEqual(spread);
  });

  it('gives nothing for no numbers, and leaves its input as it is', () => {
    expect(spreadOf([])).toBeNull();
    const numbers = [3, 1, 2];
    spreadOf(numbers);
    expect(numbers).toEqual([3, 1, 2]);
  });
});

describe('valuesOf()', () => {
  it('gives a metric of the rounds that have it, a zero too', () => {
    expect(valuesOf([{ a: 1 }, { b: 2 }, { a: 0 }], 'a')).toEqual([1, 0]);
  });
});

describe('ratiosOf()', () => {
  it('divides each round by the same round of the other, not by its median', () => {
    const rounds = [{ cpu: 100 }, { cpu: 300 }, { cpu: 80 }];
    const base = [{ cpu: 50 }, { cpu: 100 }, { cpu: 160 }];
    expect(ratiosOf(rounds, base, 'cpu')).toEqual([2, 3, 0.5]);
  });

  it('leaves out rounds that one of them lacks, and a base of zero', () => {
    const rounds = [{ cpu: 1 }, { cpu: 2 }, {}, { cpu: 4 }];
    const base = [{ cpu: 0 }, { cpu: 4 }, { cpu: 1 }];
    expect(ratiosOf(rounds, base, 'cpu')).toEqual([0.5]);
    expect(ratiosOf(rounds, base, 'other')).toEqual([]);
  });
});
