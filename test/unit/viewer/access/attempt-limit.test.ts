import { describe, expect, it } from 'vitest';
import { AttemptLimit, MAX_WRONG, WINDOW_MS } from '../../../../src/viewer/access/attempt-limit.ts';

function used(address: string, count = MAX_WRONG, nowMs = 0): AttemptLimit {
  const limit = new AttemptLimit();
  for (let n = 0; n < count; n += 1) limit.recordWrong(address, nowMs);
  return limit;
}

describe('AttemptLimit', () => {
  it('AttemptLimit closes at the tenth wrong attempt, for that address only', () => {
    expect(used('192.0.2.1', MAX_WRONG - 1).isExhausted('192.0.2.1', 0)).toBe(false);
    const limit = used('192.0.2.1');
    expect(limit.isExhausted('192.0.2.1', 0)).toBe(true);
    expect(limit.isExhausted('192.0.2.2', 0)).toBe(false);
  });

  it('AttemptLimit opens again when the minute is over', () => {
    const limit = used('192.0.2.1');
    expect(limit.isExhausted('192.0.2.1', WINDOW_MS - 1)).toBe(true);
    expect(limit.isExhausted('192.0.2.1', WINDOW_MS)).toBe(false);
    limit.recordWrong('192.0.2.1', WINDOW_MS);
    expect(limit.isExhausted('192.0.2.1', WINDOW_MS)).toBe(false);
  });

  it.each([
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['2001:db8::1', '2001:db8::2', true],
    ['2001:db8::1:0:0:0:1', '2001:db8::1', false],
    ['::1', '::2', true],
    ['::1', '1::', false],
  ])('AttemptLimit counts a /64 as one machine: %s and %s: %s', (a, b, isSame) => {
    expect(used(a).isExhausted(b, 0)).toBe(isSame);
  });

  it('AttemptLimit remembers a bounded number of addresses and forgets the oldest', () => {
    const limit = used('192.0.2.1');
    for (let n = 0; n < 4096; n += 1) limit.recordWrong(`10.0.${n >> 8}.${n & 255}`, 0);
    expect(limit.isExhausted('192.0.2.1', 0)).toBe(false);
    expect(used('192.0.2.1').isExhausted('192.0.2.1', 0)).toBe(true);
  });
});
