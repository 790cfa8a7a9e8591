import { describe, expect, it } from 'vitest';
import { readExported } from '../../../../src/viewer/verify/exported.ts';
import { judge } from '../../../../src/viewer/verify/judge.ts';
import { missingBefore, needsSecondLook, startOf } from '../../../../src/viewer/verify/links.ts';
import type { Deleted, SegmentReport } from '../../../../src/viewer/verify/segment-report.ts';

const hashOf = (number: number) => String(number).repeat(64).slice(0, 64);
const nameOf = (number: number) => `egress.${number}.jsonl`;
const A = 'aa'.repeat(32);
const B = 'bb'.repeat(32);

/** A sound segment of ten records; its last hash is made of its number. */
function report(number: number, changes: Partial<SegmentReport> = {}): SegmentReport {
  const at = { seq: number * 10, offset: 900 };
  return {
    number,
    first: { seq: number * 10 - 10, prev: hashOf(number - 1) },
    last: { seq: number * 10, prev: hashOf(number) },
    records: 10,
    end: 1000,
    lastStart: 900,
    tornBytes: 0,
    isGrowing: false,
    hasHeader: true,
    damage: null,
    unreadable: null,
    findings: [],
    mismatch: null,
    checkpoints: 1,
    signedSeq: number * 10,
    isLastSigned: true,
    keys: [{ ...at, value: A }],
    epochs: { first: { ...at, value: 1 }, last: 1 },
    deleted: [],
    reported: [],
    found: 0,
    ...changes,
  };
}
const segmentsOf = (...reports: SegmentReport[]) =>
  reports.map((one) => ({ report: one, file: nameOf(one.number) }));
const deleted = (number: number): Deleted => ({
  number,
  firstSeq: number * 10 - 9,
  lastSeq: number * 10,
  lastHash: hashOf(number),
});

function problemsOf(reports: SegmentReport[], keys: string[] = []): string[] {
  const segments = segmentsOf(...reports);
  const exported = readExported([]);
  const { problems } = judge({ segments, nameOf, keys, mustBeSigned: false, exported });
  return problems.map(({ outcome, seq, file, offset }) => `${outcome} ${seq} ${file} ${offset}`);
}

describe('judge()', () => {
  const finding = { outcome: 'damaged', seq: 14, offset: 300, what: '' } as const;
  const damaged = { damage: { seq: 14, offset: 300, kind: 'altered' } } as const;
  const torn = { tornBytes: 5 };
  const key = (value: string) => ({ keys: [{ value, seq: 20, offset: 900 }] });
  const epoch = (value: number) => ({
    epochs: { first: { value, seq: 21, offset: 0 }, last: value },
  });

  it.each<[string, SegmentReport[], string[]]>([
    ['nothing wrong', [report(1), report(2), report(3)], []],
    ['damage', [report(1), report(2, damaged)], ['damaged 14 egress.2.jsonl 300']],
    [
      'a finding',
      [report(1), report(2, { findings: [finding] })],
      ['damaged 14 egress.2.jsonl 300'],
    ],
    [
      'problems in two segments, by number',
      [report(1, torn), report(2, damaged)],
      ['damaged 11 egress.1.jsonl 1000', 'damaged 14 egress.2.jsonl 300'],
    ],
    ['half a line in the newest', [report(1, torn)], ['torn 11 egress.1.jsonl 1000']],
    ['half a line that is being written', [report(1, { ...torn, isGrowing: true })], []],
    [
      'a file that ends early',
      [report(1, { unreadable: 'x' })],
      ['damaged 11 egress.1.jsonl 1000'],
    ],
    [
      'records gone at the start of a file',
      [report(1), report(2, { damage: { seq: 11, offset: 0, kind: 'missing' }, hasHeader: false })],
      ['missing 11 egress.2.jsonl 0'],
    ],
    [
      'records gone at the end of the file before',
      [report(1), report(2, { damage: { seq: 11, offset: 0, kind: 'missing' } })],
      ['missing 11 egress.1.jsonl 1000'],
    ],
    [
      'a last record that the next file does not continue',
      [
        report(1, { isLastSigned: false }),
        report(2, { damage: { seq: 10, offset: 0, kind: 'altered' } }),
      ],
      ['damaged 10 egress.1.jsonl 900'],
    ],
    [
      'a file that does not continue a record which is signed',
      [report(1), report(2, { damage: { seq: 10, offset: 0, kind: 'altered' } })],
      ['damaged 11 egress.2.jsonl 0'],
    ],
    ['another key', [report(1), report(2, key(B))], ['re_signed 20 egress.2.jsonl 900']],
    [
      'an epoch that goes back',
      [report(1, epoch(5)), report(2, epoch(4))],
      ['re_signed 21 egress.2.jsonl 0'],
    ],
    ['a file that is not there', [report(1), report(3)], ['missing 11 egress.2.jsonl 0']],
    ['a deleted file', [report(2), report(3, { deleted: [deleted(1)] })], []],
    ['all records deleted but those of an empty file', [report(1), report(2, { records: 0 })], []],
  ])('%s', (_, reports, expected) => {
    expect(problemsOf(reports)).toEqual(expected);
  });

  it('takes each key that is pinned, and no other', () => {
    const reports = [report(1), report(2, key(B))];
    expect(problemsOf(reports, [A, B])).toEqual([]);
    expect(problemsOf(reports, [A])).toEqual(['re_signed 20 egress.2.jsonl 900']);
    expect(problemsOf(reports, [B])).toEqual(['re_signed 10 egress.1.jsonl 900']);
  });

  it('says that leash has named the damage itself', () => {
    const segments = segmentsOf(
      report(1),
      report(2, damaged),
      report(3, { reported: ['egress.2.jsonl'] }),
    );
    const exported = readExported([]);
    const { problems } = judge({ segments, nameOf, keys: [], mustBeSigned: false, exported });
    expect(problems).toMatchObject([{ outcome: 'damaged', isReported: true }]);
  });

  it('counts records, deleted segments and what is signed', () => {
    const segments = segmentsOf(report(4, { deleted: [deleted(3)] }), report(5, { signedSeq: 47 }));
    const exported = readExported([]);
    expect(judge({ segments, nameOf, keys: [], mustBeSigned: true, exported })).toMatchObject({
      problems: [],
      records: 20,
      firstSeq: 31,
      lastSeq: 50,
      deleted: 3,
      checkpoints: 2,
      signedSeq: 47,
      keys: [A],
    });
  });
});

describe('links', () => {
  const none = new Map<number, Deleted>();
  const gone = (...numbers: number[]) =>
    new Map(numbers.map((number) => [number, deleted(number)]));

  it('startOf() gives what a segment must continue, where anybody can tell', () => {
    const segments = segmentsOf(report(1), report(2, { records: 0 }), report(3), report(5));
    expect(startOf(segments, 0, none)).toEqual({ seq: 0, prev: '0'.repeat(64) });
    expect(startOf(segments, 1, none)).toEqual({ seq: 10, prev: hashOf(1) });
    expect(startOf(segments, 2, none)).toEqual({ seq: 10, prev: hashOf(1) });
    expect(startOf(segments, 3, none)).toBeNull();
    expect(startOf(segments, 3, gone(4))).toEqual({ seq: 40, prev: hashOf(4) });
    const broken = segmentsOf(report(1, { unreadable: 'x' }), report(2));
    expect(startOf(broken, 1, none)).toBeNull();
  });

  it('needsSecondLook() where the start makes a difference', () => {
    const start = { seq: 10, prev: hashOf(1) };
    expect(needsSecondLook(report(2), start)).toBe(false);
    expect(needsSecondLook(report(2), { ...start, prev: hashOf(7) })).toBe(true);
    expect(needsSecondLook(report(2, { records: 0, first: null }), start)).toBe(false);
    const damage = { seq: 14, offset: 3, kind: 'altered' } as const;
    expect(needsSecondLook(report(2, { damage }), start)).toBe(true);
  });

  it.each<[string, number[], number[], string | null]>([
    ['the first', [2], [], '1 egress.1.jsonl'],
    ['the first, deleted', [2], [1], null],
    ['the first two, the record about one of them deleted, too', [3], [2], null],
    ['the second of two, the first deleted', [3], [1], '11 egress.2.jsonl'],
    ['one in the middle', [1, 3], [], '11 egress.2.jsonl'],
    ['one in the middle, deleted', [1, 3], [2], null],
    ['one of two in the middle', [1, 4], [3], '11 egress.2.jsonl'],
    ['a very high number', [1, 9_999_999_999], [], '11 egress.2.jsonl'],
  ])(
    'a segment that is not there is missing, unless a record in the log says how it ended: %s',
    (_, numbers, deletions, expected) => {
      const segments = segmentsOf(...numbers.map((number) => report(number)));
      const found = missingBefore(segments, segments.length - 1, gone(...deletions), nameOf);
      expect(found && `${found.seq} ${found.file}`).toBe(expected);
    },
  );

  it('does not take a deletion for a proof that begins too late', () => {
    const late = new Map([[2, { ...deleted(2), firstSeq: 15 }]]);
    expect(missingBefore(segmentsOf(report(1), report(3)), 1, late, nameOf)).toMatchObject({
      seq: 11,
    });
  });
});
