import { describe, expect, it } from 'vitest';
import { Distribution } from '../../../bench/openloop/distribution.ts';

describe('Distribution', () => {
  it('gives percentiles to three digits, and the largest', () => {
    const times = new Distribution();
    for (let n = 1; n <= 10_000; n += 1) times.add(n / 10);
    const { p50Ms, p90Ms, p99Ms, p999Ms, maxMs } = times.numbers();
    expect(p50Ms).toBeCloseTo(500, -1);
    expect(p90Ms).toBeCloseTo(900, -1);
    expect(p99Ms).toBeCloseTo(990, -1);
    expect(p999Ms).toBeCloseTo(999, -1);
    expect(maxMs).toBe(1000);
    expect(times.count).toBe(10_000);
  });

  it('keeps microseconds of short times', () => {
    const times = new Distribution();
    times.add(0.123);
    expect(times.atMs(50)).toBe(0.123);
  });

  it('counts a time that is too long as the longest, and one below zero as none', () => {
    const times = new Distribution();
    times.add(1e12);
    times.add(-1);
    expect(times.count).toBe(2);
    expect(times.maxMs).toBeCloseTo(600_000, -3);
    expect(times.atMs(1)).toBe(0);
  });

  it('takes what another process has seen, and its largest', () => {
    const [all, other] = [new Distribution(), new Distribution()];
    for (let n = 1; n <= 500; n += 1) all.add(n);
    for (let n = 501; n <= 1000; n += 1) other.add(n + 0.123);
    all.merge(JSON.parse(JSON.stringify(other.encode())));
    expect(all.count).toBe(1000);
    expect(all.atMs(50)).toBeCloseTo(500, -1);
    expect(all.atMs(99)).toBeCloseTo(990, -1);
    expect(all.maxMs).toBe(1000.123);
  });
});
