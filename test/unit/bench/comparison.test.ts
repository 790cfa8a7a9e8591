import { describe, expect, it } from 'vitest';
import { comparison } from '../../../bench/openloop/comparison.ts';

describe('comparison()', () => {
  it('sets the proxy beside the origin, percentile by percentile', () => {
    const direct = { p50Ms: 0.3, p99Ms: 1, failures: 0, latenessP99Ms: 0.2, sent: 10 };
    const proxied = { p50Ms: 0.7, p99Ms: 3.25, failures: 1, latenessP99Ms: 0.3, sent: 10 };
    expect(comparison(direct, proxied)).toEqual({
      directP50Ms: 0.3,
      addedP50Ms: 0.4,
      directP99Ms: 1,
      addedP99Ms: 2.25,
      directFailures: 0,
      directLatenessP99Ms: 0.2,
    });
  });
});
