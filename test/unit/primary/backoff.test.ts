import { describe, expect, it } from 'vitest';
import { Backoff } from '../../../src/primary/backoff.ts';

describe('Backoff', () => {
  it('doubles from 100 ms to one second for a process that does not live', () => {
    const backoff = new Backoff();
    const waits = Array.from({ length: 6 }, () => backoff.ended(50));
    expect(waits).toEqual([100, 200, 400, 800, 1000, 1000]);
  });

  it('begins anew after a process that lived for more than 30 s', () => {
    const backoff = new Backoff();
    for (let n = 0; n < 5; n += 1) backoff.ended(50);
    expect([backoff.ended(30_001), backoff.ended(50)]).toEqual([100, 200]);
  });
});
