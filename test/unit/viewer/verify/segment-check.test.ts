import { describe, expect, it } from 'vitest';
import { shareLines } from '../../../../src/viewer/verify/known-lines.ts';
import { type CheckOptions, SegmentCheck } from '../../../../src/viewer/verify/segment-check.ts';
import {
  hashOf,
  LogWriter,
  newSigner,
  rechain,
  signedLine,
  textOf,
} from '../../../support/signed-log.ts';

const signer = newSigner();
const START = { seq: 0, prev: '0'.repeat(64) };

function check(lines: readonly string[], options: Partial<CheckOptions> = {}) {
  const check = new SegmentCheck({ number: 1, start: START, ...options });
  check.push(textOf(lines));
  return check.report();
}
const linesOf = (writer: LogWriter) => writer.log.segments[0]?.lines ?? [];
/** 1 segment, 2-4 records, 5 checkpoint, 6-8 records, 9 checkpoint, 10 record. */
const sample = () =>
  linesOf(new LogWriter({ signer }).records(3).checkpoint().records(3).checkpoint().records(1));

describe('SegmentCheck', () => {
  it('tells what a sound segment holds', () => {
    const lines = sample();
    expect(check(lines)).toMatchObject({
      number: 1,
      first: START,
      last: { seq: 10, prev: hashOf(lines[9] ?? '') },
      records: 10,
      end: textOf(lines).length,
      tornBytes: 0,
      hasHeader: true,
      damage: null,
      findings: [],
      mismatch: null,
      checkpoints: 2,
      signedSeq: 9,
      isLastSigned: false,
      keys: [{ value: signer.key, seq: 5 }],
      epochs: { first: { value: 1, seq: 1, offset: 0 }, last: 1 },
    });
    expect(check(lines.slice(0, 9)).isLastSigned).toBe(true);
  });

  it.each([4, 8])(
    'a checkpoint that is not signed as it stands is never taken for a record like any other: line %s',
    (at) => {
      const lines = sample();
      lines[at] = (lines[at] ?? '').replace('"epoch":1', '"epoch":2');
      const report = check(lines.slice(0, at + 1));
      expect(report.findings).toMatchObject([{ outcome: 'damaged', seq: at + 1 }]);
      expect(report.signedSeq).toBe(at === 4 ? 0 : 5);
      // Under another name, too, where no further line would tell.
      lines[at] = (lines[at] ?? '').replace('"event":"checkpoint"', '"event":"stop"');
      expect(check(lines.slice(0, at + 1)).findings).toMatchObject([{ seq: at + 1 }]);
    },
  );

  it.each([
    ['another place', { size: 17 }, 'byte 17'],
    ['another segment', { segment: 2 }, 'segment 2'],
    ['another host', { host_id: 'cd'.repeat(16) }, 'another host'],
  ])('names a checkpoint that was signed for %s', (_, change, what) => {
    const lines = sample().slice(0, 5);
    const { signature: _signature, ...fields } = JSON.parse(lines[4] ?? '');
    lines[4] = signedLine({ ...fields, ...change }, signer);
    const [finding] = check(lines).findings;
    expect(finding).toMatchObject({ outcome: 'damaged', seq: 5 });
    expect(finding?.what).toContain(what);
  });

  it('names a file that does not begin with the record of its segment', () => {
    expect(check(sample(), { number: 2 }).findings[0]).toMatchObject({
      outcome: 'damaged',
      seq: 1,
    });
    const report = check(sample().slice(1), { start: { seq: 1, prev: hashOf(sample()[0] ?? '') } });
    expect(report.hasHeader).toBe(false);
    expect(report.findings[0]).toMatchObject({ seq: 2, offset: 0 });
  });

  it('names an epoch that goes back', () => {
    const writer = new LogWriter({ signer, epoch: 4 }).records(1).checkpoint();
    writer.epoch = 3;
    const report = check(linesOf(writer.records(1).checkpoint()));
    expect(report.findings).toMatchObject([{ outcome: 're_signed', seq: 5 }]);
    expect(report.epochs).toMatchObject({ first: { value: 4 }, last: 4 });
  });

  it('lists keys where they change, and not without end', () => {
    const log = new LogWriter({ signer });
    const others = Array.from({ length: 20 }, newSigner);
    const lines = linesOf(log.records(1));
    for (const other of others) {
      const writer = new LogWriter({ signer: other });
      writer.records(1).checkpoint();
      lines.push(linesOf(writer).at(-1) ?? '');
    }
    const whole = { segments: [{ number: 1, lines }], checkpoints: null };
    let line = 2;
    for (const other of others) {
      rechain(whole, { segment: 0, line }, null);
      const { signature: _signature, ...fields } = JSON.parse(whole.segments[0]?.lines[line] ?? '');
      const size = textOf(whole.segments[0]?.lines.slice(0, line) ?? []).length;
      whole.segments[0]?.lines.splice(line, 1, signedLine({ ...fields, size }, other));
      line += 1;
    }
    const report = check(whole.segments[0]?.lines ?? []);
    expect(report.checkpoints).toBe(20);
    expect(report.keys.slice(0, 2)).toMatchObject(
      others.slice(0, 2).map(({ key }, index) => ({ value: key, seq: index + 3 })),
    );
    expect(report.keys).toHaveLength(16);
  });

  it('says nothing about what stands behind damage, which may be its consequence', () => {
    const lines = sample();
    lines.splice(2, 1);
    const report = check(lines);
    expect(report.damage).toMatchObject({ kind: 'missing', seq: 3 });
    expect(report.findings).toEqual([]);
  });

  it('compares kept lines by their number', () => {
    const lines = sample();
    const known = (...changed: string[]) =>
      shareLines(
        lines
          .map((line, at) => ({ seq: at + 1, bytes: Buffer.from(changed[at] ?? line) }))
          .slice(3, 9),
      );
    expect(check(lines, { known: known() })).toMatchObject({ found: 6, mismatch: null });
    const changed = [...lines];
    changed[6] = 'x';
    const offset = textOf(lines.slice(0, 6)).length;
    expect(check(lines, { known: known(...changed) })).toMatchObject({
      found: 5,
      mismatch: { seq: 7, offset },
    });
  });

  it('collects what leash says about other segments, and no nonsense', () => {
    const deleted = { number: 3, first_seq: 4, last_seq: 9, last_hash: 'a'.repeat(64) };
    const writer = new LogWriter({ signer });
    writer.add('segment_deleted', deleted).add('segment_deleted', { ...deleted, number: 'x' });
    writer.add('segment_deleted', { ...deleted, last_hash: '\x1b[31m' });
    writer.add('log_recovered', { file: 'egress.4.jsonl', reason: 'damaged' });
    writer.add('log_recovered', { file: 'egress.5.jsonl', reason: 'torn_tail' });
    writer.add('log_recovered', { file: 'egress.6.jsonl', reason: 'truncated' });
    writer.add('log_recovered', { file: 7, reason: 'gone' });
    expect(check(linesOf(writer))).toMatchObject({
      deleted: [{ number: 3, firstSeq: 4, lastSeq: 9, lastHash: 'a'.repeat(64) }],
      reported: ['egress.4.jsonl', 'egress.6.jsonl'],
    });
  });

  it('keeps the newest of many deletions', () => {
    const writer = new LogWriter({ signer });
    for (let number = 1; number <= 2500; number += 1) {
      writer.add('segment_deleted', {
        number,
        first_seq: 1,
        last_seq: 2,
        last_hash: 'a'.repeat(64),
      });
    }
    const { deleted } = check(linesOf(writer));
    expect(deleted.at(-1)?.number).toBe(2500);
    expect(deleted.length).toBeLessThan(2000);
  });

  it('takes a line without an end for no damage, however long it is', () => {
    const segment = new SegmentCheck({ number: 1, start: START });
    segment.push(textOf(sample()));
    segment.push(Buffer.alloc(600_000));
    expect(segment.tornBytes).toBe(600_000);
    expect(segment.report()).toMatchObject({ damage: null, tornBytes: 600_000, records: 10 });
  });
});
