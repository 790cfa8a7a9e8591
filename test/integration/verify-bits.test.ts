// L-10: a segment of 64 KiB with its checkpoint, and bits of it flipped one after the other. Each must be
// seen, and named by the number of the record that it is in. `TORTURE=long` flips all 524,288 of them,
// otherwise it is one of each byte.

import { describe, expect, it } from 'vitest';
import { judge } from '../../src/viewer/verify/judge.ts';
import { SegmentCheck } from '../../src/viewer/verify/segment-check.ts';
import { LogWriter, newSigner, textOf } from '../support/signed-log.ts';
import { NOTHING_KEPT } from '../support/verify-here.ts';

const SEGMENT_BYTES = 64 * 1024;
const IS_LONG = process.env.TORTURE === 'long';
/** Parts, so that each is a test that ends before its time is over. */
const PARTS = 8;

const bytes = makeSegment();
const ends = lineEnds();

/** 64 KiB, the last line a checkpoint. Lines of all sorts: short, long, with a checkpoint between them. */
function makeSegment(): Buffer {
  const signer = newSigner();
  const fill = (lastBody: number) => {
    const writer = new LogWriter({ signer }).records(20, 40).records(10, 900);
    // Its signature is most of the time that a flip takes.
    if (IS_LONG) writer.checkpoint();
    writer.records(4, 9000).records(1, lastBody).checkpoint();
    return textOf(writer.log.segments[0]?.lines ?? []);
  };
  // The checkpoint says where it stands, in digits that do not change any more.
  return fill(10_000 + SEGMENT_BYTES - fill(10_000).length);
}

function lineEnds(): number[] {
  const found: number[] = [];
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) found.push(at);
  return found;
}

function firstProblem() {
  const check = new SegmentCheck({ number: 1, start: { seq: 0, prev: '0'.repeat(64) } });
  check.push(bytes);
  const segments = [{ report: check.report(), file: 'egress.1.jsonl' }];
  const nameOf = () => 'egress.1.jsonl';
  const evidence = { segments, nameOf, keys: [], mustBeSigned: false, exported: NOTHING_KEPT };
  return judge(evidence).problems[0] ?? null;
}

/** The same choice in each run: what fails once can be seen again. */
function bitsOf(byte: number): number[] {
  return IS_LONG ? [0, 1, 2, 3, 4, 5, 6, 7] : [((byte * 2654435761) >>> 13) & 7];
}

describe(`L-10: one bit flipped in a segment of ${SEGMENT_BYTES} bytes with its checkpoint`, () => {
  it('is not there yet: the segment has its length and verifies', () => {
    expect(bytes).toHaveLength(SEGMENT_BYTES);
    expect(ends.length).toBeGreaterThan(35);
    expect(firstProblem()).toBeNull();
  });

  const count = IS_LONG ? SEGMENT_BYTES * 8 : SEGMENT_BYTES;
  it.each(Array.from({ length: PARTS }, (_, part) => [part + 1]))(
    `is found and named at the right record, 100 % of ${count} bits: part %i of ${PARTS}`,
    (part) => {
      const size = SEGMENT_BYTES / PARTS;
      const wrong: string[] = [];
      let flips = 0;
      for (let byte = (part - 1) * size; byte < part * size; byte += 1) {
        const seq = ends.findIndex((end) => byte <= end) + 1;
        for (const bit of bitsOf(byte)) {
          bytes[byte] = (bytes[byte] ?? 0) ^ (1 << bit);
          const found = firstProblem();
          bytes[byte] = (bytes[byte] ?? 0) ^ (1 << bit);
          flips += 1;
          if (found?.seq !== seq) wrong.push(`byte ${byte} bit ${bit}: ${found?.seq}, not ${seq}`);
        }
      }
      expect(wrong.slice(0, 20)).toEqual([]);
      expect(flips).toBe(count / PARTS);
    },
    600_000,
  );
});
