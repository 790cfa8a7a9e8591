import { describe, expect, it } from 'vitest';
import {
  describeTime,
  formatAgo,
  formatListTime,
  zoneOf,
} from '../../../../src/viewer/ui/list/times.ts';

describe('formatAgo()', () => {
  it.each([
    [1000.9, 'now'],
    [1060, 'now'],
    [999, '1 s ago'],
    [941, '59 s ago'],
    [940, '1 min ago'],
    [-2600, '1 h ago'],
    [-85_400, '1 d ago'],
    [Number.NaN, 'no time'],
  ])('formatAgo() of %d at 1000 s: %s', (ts, text) => {
    expect(formatAgo(ts, 1_000_000)).toBe(text);
  });
});

describe('times of the list', () => {
  it('are by the clock or by how long ago, and whole with both zones', () => {
    expect(formatListTime(990, 'ago', 1_000_000)).toBe('10 s ago');
    expect(formatListTime(990, 'clock', 990_000)).toMatch(/^\d\d:\d\d:30\.000$/);
    expect(describeTime(990)).toMatch(
      /^1970-01-01 \d\d:16:30 UTC\S* · 1970-01-01 00:16:30.000 UTC$/,
    );
    expect(describeTime(Number.NaN)).toBe('no time');
  });

  it.each([
    [0, 'UTC'],
    [-120, 'UTC+2'],
    [210, 'UTC−3:30'],
  ])('zoneOf() with %i minutes', (offset, text) => {
    expect(zoneOf({ getTimezoneOffset: () => offset } as Date)).toBe(text);
  });
});
