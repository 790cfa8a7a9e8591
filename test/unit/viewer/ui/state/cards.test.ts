import { describe, expect, it } from 'vitest';
import type { State } from '../../../../../src/viewer/state/state-api.ts';
import { cardsOf } from '../../../../../src/viewer/ui/state/cards.ts';

const GB = 1024 ** 3;
const GOOD: State = {
  problems: [],
  alive: true,
  versions: { leash: '1.2.3', node: 'v20.20.2' },
  started_at: 1_700_000_000_000,
  uptime_s: 90,
  workers: [{ number: 1, pid: 7, listening: true, policy: 3, flows: 2 }],
  open_flows: 2,
  policy: { version: 3, mode: 'audit' },
  policy_problems: [],
  record: {
    audit: 'accepted',
    healthy: true,
    problem: '',
    segment: 1,
    seq: 70,
    checkpoint: { seq: 60, ts: 1_700_000_000, segment: 1, key: 'ab'.repeat(32) },
    check: { state: 'done', segments: 2, damaged: 0, at: 1_700_000_000_000 },
  },
  totals: { uninspected_bytes: 0, suspended_s: 0, refused: 0 },
  disk: {
    log: { free_bytes: 500 * GB, total_bytes: 1000 * GB },
    state: { free_bytes: GB, total_bytes: GB },
    growth_per_day: GB,
    days_left: 500,
  },
};
const FORMATS = {
  formatBytes: (bytes: number) => `${Math.round(bytes)} B`,
  formatTime: (ts: number) => `at ${ts}`,
};

function card(title: string, change: Partial<State> = {}) {
  const found = cardsOf({ ...GOOD, ...change }, FORMATS).find((each) => each.title === title);
  return { value: found?.value, tone: found?.tone, notes: found?.notes.join(' | ') };
}

describe('cardsOf()', () => {
  it('cardsOf() of a leash that is well has nothing amber or red', () => {
    const tones = cardsOf(GOOD, FORMATS).map(({ tone }) => tone);
    expect(tones.filter((tone) => tone === 'warn' || tone === 'bad')).toEqual([]);
    expect(card('Last checkpoint')).toMatchObject({
      value: 'record 61',
      notes: expect.stringContaining('9 records since then are not signed yet'),
    });
  });

  it.each<[string, Partial<State>, string, RegExp]>([
    ['Service', { problems: ['no worker is running'] }, 'bad', /no worker is running/],
    ['Record', { record: { ...GOOD.record, healthy: false, problem: 'disk full' } }, 'bad', /503/],
    ['Record', { record: { ...GOOD.record, audit: 'relaxed' } }, 'good', /before its record/],
    ['Last checkpoint', { record: { ...GOOD.record, checkpoint: null } }, 'warn', /signed/],
    ['Policy', { policy: null }, 'bad', /./],
    ['Policy', { policy: { version: 4, mode: 'audit' } }, 'warn', /1 workers do not/],
    [
      'Policy',
      { policy_problems: [{ file: 'f', line: 1, column: 1, message: 'm' }] },
      'warn',
      /1 mistake in/,
    ],
    ['Disk', { disk: { ...GOOD.disk, days_left: 10 } }, 'warn', /full in 10 days/],
    ['Disk', { disk: { ...GOOD.disk, days_left: 0.5 } }, 'bad', /less than a day/],
    ['Disk', { disk: { ...GOOD.disk, growth_per_day: null, days_left: null } }, 'good', /young/],
    ['Disk', { disk: { ...GOOD.disk, log: null } }, 'warn', /cannot be asked/],
    [
      'Disk',
      { disk: { ...GOOD.disk, log: { free_bytes: 1, total_bytes: 100 } } },
      'bad',
      /of 100 B/,
    ],
    [
      'Last verification',
      { record: { ...GOOD.record, check: { state: 'done', segments: 1, damaged: 2, at: null } } },
      'bad',
      /leashctl verify/,
    ],
    [
      'Not inspected',
      { totals: { uninspected_bytes: 5, suspended_s: 0, refused: 0 } },
      'warn',
      /network.yaml/,
    ],
    [
      'Refused for the record',
      { totals: { uninspected_bytes: 0, suspended_s: 90, refused: 3 } },
      'warn',
      /3 requests/,
    ],
    ['Refused for the record', { totals: null }, 'plain', /since the start/],
  ])('cardsOf() says of %s what is wrong: %j', (title, change, tone, notes) => {
    expect(card(title, change)).toMatchObject({ tone, notes: expect.stringMatching(notes) });
  });
});
