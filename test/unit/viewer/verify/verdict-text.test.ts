import { describe, expect, it } from 'vitest';
import { eraseProgress, formatProgress } from '../../../../src/viewer/verify/progress-bar.ts';
import type { Problem } from '../../../../src/viewer/verify/segment-report.ts';
import {
  formatVerdict,
  plainName,
  verdictJson,
} from '../../../../src/viewer/verify/verdict-text.ts';
import type { Verification } from '../../../../src/viewer/verify/verify-log.ts';

const KEY = 'ab'.repeat(32);
const NO_KEY = { keys: [], from: '' };
const problem: Problem = {
  outcome: 're_signed',
  seq: 7,
  file: 'egress.1.jsonl',
  offset: 930,
  what: 'why',
};

function found(changes: Partial<Verification> = {}): Verification {
  return {
    problems: [],
    records: 1234,
    firstSeq: 1,
    lastSeq: 1234,
    segments: 3,
    deleted: 0,
    checkpoints: 2,
    signedSeq: 1200,
    keys: [KEY],
    found: 2,
    foundDeleted: 0,
    hasUnchained: false,
    ownCheckpoints: 2,
    givenCheckpoints: 0,
    isLive: false,
    ...changes,
  };
}
const rowOf = (name: string, changes: Partial<Verification>, pinned = NO_KEY) =>
  formatVerdict(found(changes), pinned)
    .split('\n')
    .find((line) => line.startsWith(name));

describe('formatVerdict()', () => {
  it('begins with what it is, and says what is covered by what', () => {
    const lines = formatVerdict(found(), { keys: [KEY], from: '/s/checkpoint-key.pub' }).split(
      '\n',
    );
    expect(lines).toEqual([
      'VERIFIED 1,234 records, seq 1 to 1234',
      'records      1,234, seq 1 to 1234',
      'segments     3',
      'signed       up to seq 1200 by 2 checkpoints, 34 records behind it by the chain alone',
      'key          pinned by /s/checkpoint-key.pub',
      'kept         checkpoints: 2 beside the log; 2 in the log',
    ]);
  });

  it.each<[string, Partial<Verification>, string]>([
    ['segments', { deleted: 4 }, '4 deleted before'],
    ['signed', { signedSeq: 1234 }, 'all of them'],
    ['signed', { checkpoints: 0 }, 'nothing'],
    ['signed', { problems: [problem] }, 'named above are not covered'],
    ['key', {}, `${KEY}, NOT PINNED`],
    ['key', { keys: [KEY, 'cd'] }, 'and 1 more'],
    ['key', { keys: [] }, 'none'],
    ['kept', { ownCheckpoints: null }, 'what was cut off at its end would not show'],
    ['kept', { ownCheckpoints: null, givenCheckpoints: 9 }, '9 of --checkpoint'],
    ['kept', { foundDeleted: 5 }, '5 about deleted segments'],
    ['not chained', { hasUnchained: true }, 'segment 0'],
    ['live', { isLive: true }, 'wrote on'],
  ])('has a row "%s" for %j', (name, changes, text) => {
    expect(rowOf(name, changes)).toContain(text);
  });

  it('lists problems, the first one on top, and not without end', () => {
    const problems = Array.from({ length: 120 }, (_, n) => ({ ...problem, seq: n + 7 }));
    const lines = formatVerdict(found({ problems }), NO_KEY).split('\n');
    expect(lines[0]).toBe('RE-SIGNED seq 7 egress.1.jsonl byte 930: why');
    expect(lines[100]).toBe('and 20 more');
    const json = JSON.parse(JSON.stringify(verdictJson(found({ problems }), NO_KEY)));
    expect(json).toMatchObject({ outcome: 're_signed', more_problems: 20 });
    expect(json.problems).toHaveLength(100);
    expect(json.problems[0]).toEqual({ ...problem, reported: false });
  });

  it('says where leash has reported the damage itself', () => {
    const problems = [{ ...problem, isReported: true }];
    expect(formatVerdict(found({ problems }), NO_KEY)).toContain('(leash says so itself');
    expect(verdictJson(found({ problems }), NO_KEY)).toMatchObject({
      problems: [{ reported: true }],
    });
  });

  it('writes no name raw that could act on a terminal', () => {
    expect(plainName('/var/log/egress.1.jsonl.gz')).toBe('/var/log/egress.1.jsonl.gz');
    expect(plainName('a\x1b[31m\n\u202eb\u0085ü')).toBe('"a\\u001b[31m\\n\\u202eb\\u0085\\u00fc"');
    expect(plainName('')).toBe('""');
    const problems = [{ ...problem, file: '\x1b]0;x\x07' }];
    expect(formatVerdict(found({ problems }), NO_KEY)).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  });
});

describe('verdictJson()', () => {
  it('says the same to programs', () => {
    expect(verdictJson(found({ hasUnchained: true }), NO_KEY)).toMatchObject({
      outcome: 'verified',
      records: 1234,
      last_seq: 1234,
      signed_seq: 1200,
      unsigned_records: 34,
      keys: [KEY],
      pinned_keys: [],
      not_chained: [0],
      kept: { own: 2, given: 0, found: 2, deleted: 0 },
      problems: [],
    });
  });
});

describe('formatProgress()', () => {
  const half = { doneBytes: 5e7, totalBytes: 1e8, elapsedMs: 250, columns: 120, color: false };

  it('shows how far it is, how fast, and how long it still takes', () => {
    expect(formatProgress(half)).toBe(
      `\r\x1b[K${'#'.repeat(12)}${'.'.repeat(12)}  50 %  50 of 100 MB  200 MB/s  1 s left`,
    );
    expect(formatProgress({ ...half, color: true })).toContain('\x1b[32m#');
  });

  it('stays within the line, and within what there is', () => {
    expect(formatProgress({ ...half, columns: 40 })).not.toContain('#');
    expect(formatProgress({ ...half, columns: 10 }).length).toBeLessThanOrEqual(4 + 9);
    expect(formatProgress({ ...half, doneBytes: 2e8 })).toContain('100 %');
    expect(formatProgress({ ...half, doneBytes: 0, totalBytes: 0, elapsedMs: 0 })).toContain(
      '0.0 MB/s',
    );
    expect(formatProgress({ ...half, elapsedMs: 0 })).not.toContain('left');
    expect(eraseProgress()).toBe('\r\x1b[K');
  });
});
