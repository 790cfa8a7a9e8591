import { describe, expect, it } from 'vitest';
import type { Histogram } from '../../../../../src/viewer/search/histogram.ts';
import {
  bucketAt,
  bucketsFor,
  countsText,
  endsOf,
  spanText,
  stackOf,
  stepTo,
  tickText,
  timesOf,
} from '../../../../../src/viewer/ui/query/histogram-scale.ts';

const HISTOGRAM: Histogram = {
  from: 100,
  to: 135,
  bucket_s: 10,
  buckets: [
    { ts: 100, counts: { allowed: 5 } },
    { ts: 110, counts: {} },
    { ts: 120, counts: { allowed: 998, blocked: 1, error: 1 } },
    { ts: 130, counts: { blocked: 2 } },
  ],
  complete: true,
  searched_back_to: null,
};

describe('places', () => {
  it('bucketsFor keeps within its limits, in steps', () => {
    expect([0, 455, 900, 5000].map(bucketsFor)).toEqual([20, 50, 100, 120]);
  });

  it('bucketAt stays inside the picture', () => {
    expect([-5, 0, 49, 51, 100, 900].map((x) => bucketAt(x, 100, 4))).toEqual([0, 0, 1, 2, 3, 3]);
  });

  it('stepTo moves within the buckets, by the keys that move', () => {
    const keys = ['ArrowLeft', 'ArrowRight', 'Home', 'End', 'PageDown', 'a'];
    expect(keys.map((key) => stepTo(key, 3, 5))).toEqual([2, 4, 0, 4, 4, null]);
    expect(stepTo('ArrowLeft', 0, 5)).toBe(0);
  });
});

describe('stackOf', () => {
  it('shows one blocked request among thousands, and leaves the picture nowhere', () => {
    const [bucket] = HISTOGRAM.buckets.slice(2);
    const pieces = stackOf(bucket as never, 1000, 50);
    expect(pieces.map(({ name }) => name)).toEqual(['allowed', 'error', 'blocked']);
    for (const { height } of pieces) expect(height).toBeGreaterThan(1.5);
    expect(pieces.at(-1)?.y).toBeCloseTo(0, 5);
  });

  it('shows nothing of an empty bucket', () => {
    expect(stackOf({ ts: 0, counts: {} }, 1000, 50)).toEqual([]);
  });
});

describe('ranges', () => {
  it('timesOf covers the buckets of a range, in any order', () => {
    expect(endsOf({ anchor: 2, to: 0 })).toEqual([0, 2]);
    expect(timesOf(HISTOGRAM, { anchor: 2, to: 1 })).toEqual({ since: 110, until: 130 });
    expect(timesOf(HISTOGRAM, { anchor: 3, to: 3 })).toEqual({ since: 130, until: 140 });
    expect(timesOf({ ...HISTOGRAM, buckets: [] }, { anchor: 0, to: 0 })).toBeNull();
  });
});

describe('texts', () => {
  it('countsText sums buckets by class', () => {
    expect(countsText(HISTOGRAM.buckets)).toBe('1007 records: 1003 allowed, 1 error, 3 blocked');
    expect(countsText([])).toBe('no record');
    expect(countsText([{ ts: 0, counts: { blocked: 1 } }])).toBe('1 record: 1 blocked');
  });

  it('spanText says the date when it is not today, and seconds of short spans', () => {
    const at = (text: string) => new Date(text).getTime() / 1000;
    const now = new Date('2026-01-31T20:00:00');
    const from = at('2026-01-31T10:42:00');
    expect(spanText(from, from + 60, now)).toBe('10:42:00–10:43:00');
    expect(spanText(from, from + 3600, now)).toBe('10:42–11:42');
    expect(spanText(from - 86_400, from, now)).toBe('2026-01-30 10:42–2026-01-31 10:42');
    expect(spanText(from, from + 0.5, now)).toBe('10:42:00.000–10:42:00.500');
    expect(tickText(from, 60)).toBe('10:42:00');
    expect(tickText(from, 7 * 86_400)).toBe('01-31 10:42');
  });
});
