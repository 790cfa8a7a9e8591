import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatDuration,
  formatSpan,
  formatTime,
  formatUtc,
} from '../../../../src/viewer/ui/kit/format.ts';

describe('formatBytes()', () => {
  it.each([
    [0, '0 B'],
    [812, '812 B'],
    [1023, '1023 B'],
    [1024, '1.0 KB'],
    [1536, '1.5 KB'],
    [10_188, '9.9 KB'],
    [10_189, '10 KB'],
    [12 * 1024, '12 KB'],
    [1_048_575, '1.0 MB'],
    [1024 ** 2, '1.0 MB'],
    [5.5 * 1024 ** 3, '5.5 GB'],
    [1024 ** 4, '1.0 TB'],
    [5000 * 1024 ** 4, '5000 TB'],
  ])('formatBytes() writes %i as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

describe('formatDuration()', () => {
  it.each([
    [0, '0 ms'],
    [0.44, '0.4 ms'],
    [9.96, '10 ms'],
    [38.4, '38 ms'],
    [999.6, '1.0 s'],
    [1240, '1.2 s'],
    [59_960, '1 min 0 s'],
    [60_000, '1 min 0 s'],
    [185_000, '3 min 5 s'],
    [3_600_000, '60 min 0 s'],
  ])('formatDuration() writes %d as %s', (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe('formatTime()', () => {
  const at = new Date(2026, 2, 9, 8, 5, 7, 42);

  it('formatTime() leaves the date out on the same day', () => {
    expect(formatTime(at.getTime() / 1000, new Date(2026, 2, 9, 23))).toBe('08:05:07.042');
    expect(formatTime(at.getTime() / 1000, new Date(2026, 2, 10))).toBe('2026-03-09 08:05:07');
  });

  it.each([Number.NaN, 1e20])('formatTime() has no time for %d', (ts) => {
    expect(formatTime(ts, at)).toBe('no time');
    expect(formatUtc(ts)).toBe('no time');
  });

  it('formatUtc() has a date and says that it is UTC', () => {
    expect(formatUtc(1_700_000_000.25)).toBe('2023-11-14 22:13:20.250 UTC');
  });
});

describe('formatSpan()', () => {
  it('formatSpan() is short and in one or two units', () => {
    const spans = [0, 3.14, 59, 61, 3_700, 90_000, 864_000].map(formatSpan);
    expect(spans).toEqual(['0 s', '3.1 s', '59 s', '1 min', '1 h 1 min', '25 h', '10 days']);
  });
});
