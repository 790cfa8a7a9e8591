import { describe, expect, it } from 'vitest';
import { arrivalTimes, randomNumbers } from '../../../bench/openloop/schedule.ts';

const POISSON = { kind: 'poisson', perSecond: 200, seconds: 50, seed: 7 } as const;

describe('arrivalTimes()', () => {
  it('spaces a fixed schedule evenly, from 0 to before the end, without a drift', () => {
    const times = arrivalTimes({ kind: 'fixed', perSecond: 3, seconds: 1000, seed: 1 });
    expect(times.length).toBe(3000);
    expect([...times.slice(0, 4)]).toEqual([0, 1000 / 3, 2000 / 3, 1000]);
    expect(times.at(-1)).toBeCloseTo(1_000_000 - 1000 / 3, 6);
  });

  it('spaces a Poisson schedule as chance does: the rate, and gaps whose deviation is their mean', () => {
    const times = arrivalTimes(POISSON);
    expect(Math.abs(times.length - 10_000)).toBeLessThan(400);
    const gaps = times.slice(1).map((time, n) => time - (times[n] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    expect(mean).toBeGreaterThan(4.8);
    expect(mean).toBeLessThan(5.2);
    expect(Math.sqrt(variance) / mean).toBeGreaterThan(0.95);
    expect(Math.sqrt(variance) / mean).toBeLessThan(1.05);
  });

  it('ascends and stays before the end', () => {
    const times = arrivalTimes(POISSON);
    expect(times).toEqual(times.slice().sort());
    expect(times[0]).toBeGreaterThan(0);
    expect(times.at(-1)).toBeLessThan(50_000);
  });

  it('is the same for the same seed, and another for another', () => {
    expect(arrivalTimes(POISSON)).toEqual(arrivalTimes(POISSON));
    expect(arrivalTimes({ ...POISSON, seed: 8 })).not.toEqual(arrivalTimes(POISSON));
  });

  it.each([
    { perSecond: 0, seconds: 1 },
    { perSecond: 1, seconds: 0 },
    { perSecond: Number.NaN, seconds: 1 },
    { perSecond: 1_000_000, seconds: 60 },
  ])('refuses $perSecond a second for $seconds s', (load) => {
    expect(() => arrivalTimes({ kind: 'fixed', seed: 1, ...load })).toThrow('Cannot schedule');
  });
});

describe('randomNumbers()', () => {
  it('stays from 0 to below 1 and fills it evenly', () => {
    const random = randomNumbers(3);
    const tenths = new Array<number>(10).fill(0);
    for (let n = 0; n < 100_000; n += 1) tenths[Math.floor(random() * 10)]! += 1;
    expect(tenths.every((count) => count > 9_500 && count < 10_500)).toBe(true);
  });
});
