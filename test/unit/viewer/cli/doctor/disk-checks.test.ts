import { describe, expect, it } from 'vitest';
import {
  checkLogDisk,
  checkStateDisk,
  type DiskFacts,
} from '../../../../../src/viewer/cli/doctor/disk-checks.ts';

const room = (free: number, total = 1000e9) => ({ free_bytes: free, total_bytes: total });
const FACTS: DiskFacts = {
  log: room(500e9),
  state: room(1e9),
  logBytes: 10e9,
  growthPerDay: 1e9,
  retainBytes: 0,
};

describe('checkLogDisk()', () => {
  it.each<[Partial<DiskFacts>, string, RegExp]>([
    [{}, 'ok', /^500 GB free \(50 %\), for 500 days$/],
    [{ growthPerDay: null }, 'ok', /^500 GB free \(50 %\)$/],
    [{ growthPerDay: 0 }, 'ok', /%\)$/],
    [{ growthPerDay: 50e9 }, 'warn', /for 10 days/],
    [{ growthPerDay: 300e9 }, 'fail', /for 1\.7 days/],
    [{ log: room(140e9) }, 'warn', /14 %/],
    [{ log: room(40e9), growthPerDay: null }, 'fail', /4 %/],
    // A log that is bounded, and fits, stops growing in time.
    [{ growthPerDay: 300e9, retainBytes: 100e9 }, 'ok', /%\)$/],
    [{ retainBytes: 600e9 }, 'warn', /may grow to 600 GB/],
    [{ log: null }, 'unknown', /LOG_PATH/],
  ])('%j: %s', (changes, outcome, what) => {
    expect(checkLogDisk({ ...FACTS, ...changes })).toMatchObject({
      outcome,
      what: expect.stringMatching(what),
    });
  });
});

describe('checkStateDisk()', () => {
  it.each([
    [room(1e9), 'ok'],
    [room(50e6), 'warn'],
    [null, 'unknown'],
  ])('%j: %s', (state, outcome) => {
    expect(checkStateDisk({ ...FACTS, state })).toMatchObject({ outcome });
  });
});
