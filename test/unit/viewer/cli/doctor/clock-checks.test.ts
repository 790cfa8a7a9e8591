import { describe, expect, it } from 'vitest';
import {
  type ClockFacts,
  checkClock,
  checkRecordTimes,
} from '../../../../../src/viewer/cli/doctor/clock-checks.ts';

const FACTS: ClockFacts = { synchronised: true, nowS: 1000, newestTs: 990, backwards: null };

describe('checkClock()', () => {
  it.each([
    [true, 'ok'],
    [false, 'warn'],
    [null, 'unknown'],
  ])('synchronised %s: %s', (synchronised, outcome) => {
    expect(checkClock({ ...FACTS, synchronised })).toMatchObject({ outcome });
  });
});

describe('checkRecordTimes()', () => {
  it.each<[Partial<ClockFacts>, string, RegExp]>([
    [{}, 'ok', /forward/],
    [{ backwards: { seq: 7, byS: 0.5 } }, 'ok', /forward/],
    [{ backwards: { seq: 7, byS: 61.2 } }, 'warn', /back by 61 s before record 7/],
    [{ newestTs: 1001 }, 'ok', /forward/],
    [{ newestTs: 1100 }, 'fail', /100 s in the future/],
    [{ newestTs: null }, 'unknown', /no record/],
  ])('%j: %s', (changes, outcome, what) => {
    expect(checkRecordTimes({ ...FACTS, ...changes })).toMatchObject({
      outcome,
      what: expect.stringMatching(what),
    });
  });
});
