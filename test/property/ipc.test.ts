import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameDecoder } from '../../src/shared/frame-decoder.ts';
import { encodeOpen, encodeRecord, type Frame } from '../../src/shared/ipc.ts';

const record = fc.record({ flow: fc.integer({ min: 1, max: 2 ** 31 }), members: fc.string() });

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

  it('never throws anything but an Error on arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (chunks) => {
        const decoder = new FrameDecoder(1000);
        try {
          for (const chunk of chunks) decoder.push(Buffer.from(chunk), () => {});
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});
