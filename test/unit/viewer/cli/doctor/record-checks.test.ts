import { describe, expect, it } from 'vitest';
import {
  checkCaExpiry,
  checkCheckpoint,
  checkIndex,
  checkRecord,
  type RecordFacts,
} from '../../../../../src/viewer/cli/doctor/record-checks.ts';
import { STATUS } from './status-fixture.ts';

const NOW = STATUS.startedAt / 1000 + 10_000;
const FACTS: RecordFacts = {
  status: STATUS,
  nowS: NOW,
  checkpoint: { seq: 500, ts: NOW - 4000 },
  index: { segments: 3, indexed: 3 },
  hasViewer: true,
  caExpiryS: NOW + 1000 * 86_400,
};
const log = (changes: Partial<typeof STATUS.log>) => ({
  status: { ...STATUS, log: { ...STATUS.log, ...changes } },
});

describe('checkRecord()', () => {
  const damage = [{ file: 'egress.1.jsonl', seq: 7, offset: 9 }];
  it.each<[string, Partial<RecordFacts>, string, RegExp]>([
    ['is whole', {}, 'ok', /500 records/],
    ['not writable', log({ healthy: false, problem: 'ENOSPC' }), 'fail', /ENOSPC/],
    ['damaged', log({ check: { state: 'done', segments: 1, damage } }), 'fail', /egress\.1\.jsonl/],
    ['nobody says', { status: null }, 'unknown', /has not said/],
  ])('%s', (_, changes, outcome, what) => {
    expect(checkRecord({ ...FACTS, ...changes })).toMatchObject({
      outcome,
      what: expect.stringMatching(what),
    });
  });
});

describe('checkCheckpoint()', () => {
  it.each<[string, Partial<RecordFacts>, string, RegExp]>([
    ['all is signed', {}, 'ok', /4000 s old, 0 records since/],
    ['a few came since', { checkpoint: { seq: 490, ts: NOW - 30 } }, 'ok', /10 records since/],
    ['it is late', { checkpoint: { seq: 490, ts: NOW - 400 } }, 'fail', /10 records came after/],
    ['none, after a start', { checkpoint: null, nowS: NOW - 9990 }, 'ok', /none is due/],
    ['none', { checkpoint: null }, 'fail', /there is none/],
    ['nobody says', { status: null }, 'unknown', /has not said/],
  ])('%s', (_, changes, outcome, what) => {
    expect(checkCheckpoint({ ...FACTS, ...changes })).toMatchObject({
      outcome,
      what: expect.stringMatching(what),
    });
  });
});

describe('checkIndex()', () => {
  it.each<[Partial<RecordFacts>, string]>([
    [{}, 'ok'],
    [{ index: { segments: 3, indexed: 1 } }, 'warn'],
    [{ index: null }, 'unknown'],
    [{ index: null, hasViewer: false }, 'ok'],
  ])('%j: %s', (changes, outcome) => {
    expect(checkIndex({ ...FACTS, ...changes })).toMatchObject({ outcome });
  });
});

describe('checkCaExpiry()', () => {
  it.each<[number | null, string]>([
    [1000, 'ok'],
    [89, 'warn'],
    [13, 'fail'],
    [-1, 'fail'],
    [null, 'unknown'],
  ])('%s days left: %s', (days, outcome) => {
    const caExpiryS = days === null ? null : NOW + days * 86_400;
    expect(checkCaExpiry({ ...FACTS, caExpiryS })).toMatchObject({ outcome });
  });
});
