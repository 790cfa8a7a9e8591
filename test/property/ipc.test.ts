import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameDecoder } from '../../src/shared/frame-decoder.ts';
import { encodeOpen, encodeRecord, type Frame } from '../../src/shared/ipc.ts';

const record = fc.record({ flow: fc.integer({ min: 1, max: 2 ** 31 }), members: fc.string() });
const bytes = fc.uint8Array({ maxLength: 200 }).map((each) => Buffer.from(each));

/** Arbitrary bytes or JSON behind a type and a length that is right: those hardly ever come by chance. */
const frame = fc
  .tuple(
    fc.integer({ min: 0, max: 21 }),
    fc.oneof(
      bytes,
      fc.json().map((text) => Buffer.from(text)),
    ),
  )
  .map(([type, body]) => {
    const head = Buffer.alloc(5, type);
    head.writeUInt32BE(1 + body.length);
    return Buffer.concat([head, body]);
  });

describe('FrameDecoder', () => {
  it('gives back every frame for any way of cutting the bytes', () => {
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 50 })),
        (records, cuts) => {
          const bytes = Buffer.concat(
            records.map((each, index) =>
              index % 2 === 0
                ? encodeRecord('allowed', each.flow, each.members)
                : encodeOpen('intent', each.flow, 1, '', each.members),
            ),
          );
          const frames: Frame[] = [];
          const decoder = new FrameDecoder(1 << 20);
          let at = 0;
          for (const cut of [...cuts, bytes.length]) {
            decoder.push(bytes.subarray(at, at + cut), (frame) => frames.push(frame));
            at = Math.min(bytes.length, at + cut);
          }
          expect(frames.map((frame) => ('flow' in frame ? frame.flow : 0))).toEqual(
            records.map((each) => each.flow),
          );
        },
      ),
    );
  });

  it('takes arbitrary bytes for frames, or throws what breaks the pipe', () => {
    let read = 0;
    let broken = 0;
    fc.assert(
      fc.property(fc.array(fc.oneof(bytes, frame)), (chunks) => {
        const decoder = new FrameDecoder(1000);
        try {
          for (const chunk of chunks) {
            decoder.push(chunk, () => {
              read += 1;
            });
          }
        } catch (error) {
          broken += 1;
          if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error;
        }
      }),
      { numRuns: 1000 },
    );
    expect([read > 0, broken > 0]).toEqual([true, true]);
  });
});
