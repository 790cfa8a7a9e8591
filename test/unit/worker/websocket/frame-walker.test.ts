import { describe, expect, it } from 'vitest';
import { type FrameHead, FrameWalker } from '../../../../src/worker/websocket/frame-walker.ts';
import { frame } from '../../../support/websocket-bytes.ts';

type Walked = { head: FrameHead; pieces: Buffer[]; ended: boolean };

function walk(chunks: readonly Buffer[], accept: (head: FrameHead) => boolean = () => true) {
  const frames: Walked[] = [];
  const walker = new FrameWalker({
    onHead(head) {
      if (!accept(head)) return false;
      frames.push({ head, pieces: [], ended: false });
      return true;
    },
    onPayload(bytes) {
      frames.at(-1)!.pieces.push(bytes);
    },
    onEnd() {
      frames.at(-1)!.ended = true;
    },
  });
  return { frames, walked: chunks.map((chunk) => walker.push(chunk)), walker };
}

const LONG = Buffer.alloc(70_000, 'long ');

describe('FrameWalker', () => {
  it.each([
    ['empty', ''],
    ['short', 'hi'],
    ['125 bytes', Buffer.alloc(125, 1)],
    ['126 bytes', Buffer.alloc(126, 1)],
    ['65535 bytes', Buffer.alloc(65_535, 1)],
    ['70000 bytes', LONG],
  ])('finds a frame, masked and not, in one chunk and byte by byte: %s', (_name, payload) => {
    for (const mask of [null, undefined]) {
      const bytes = frame({ opcode: 2, payload, ...(mask === null ? { mask } : {}) });
      const cut = Array.from(bytes, (byte) => Buffer.from([byte]));
      for (const chunks of [[bytes], cut]) {
        const { frames, walker } = walk(chunks);
        expect(frames).toHaveLength(1);
        expect(frames[0]).toMatchObject({
          head: { first: 0x82, masked: mask !== null, length: payload.length },
          ended: true,
        });
        expect(Buffer.concat(frames[0]!.pieces).equals(Buffer.from(payload))).toBe(true);
        expect(walker.atBoundary).toBe(true);
      }
    }
  });

  it('finds frames that follow each other in one chunk', () => {
    const bytes = [1, 0, 9, 2].map((opcode) => frame({ opcode, payload: `of ${opcode}` }));
    const { frames } = walk([Buffer.concat(bytes)]);
    expect(frames.map(({ pieces }) => pieces.join(''))).toEqual(['of 1', 'of 0', 'of 9', 'of 2']);
  });

  it('takes a length that is longer than it needs to be', () => {
    const bytes = frame({ opcode: 1, payload: 'hi', lengthBytes: 9 });
    expect(walk([bytes]).frames[0]).toMatchObject({
      head: { length: 2, raw: bytes.subarray(0, 14) },
    });
  });

  it('does not change the bytes, which are on their way', () => {
    const bytes = frame({ opcode: 1, payload: 'hello' });
    const before = Buffer.from(bytes);
    walk([bytes]);
    expect(bytes.equals(before)).toBe(true);
  });

  it('says at each byte whether a frame of one’s own could stand there', () => {
    const bytes = Buffer.concat([frame({ opcode: 1, payload: 'ab' }), frame({ opcode: 9 })]);
    const boundaries = Array.from({ length: bytes.length + 1 }, (_, at) => at).filter(
      (at) => walk([bytes.subarray(0, at)]).walker.atBoundary,
    );
    expect(boundaries).toEqual([0, 8, 14]);
  });

  it('stops where its owner says so, and says how far it came', () => {
    const good = frame({ opcode: 1, payload: 'ab' });
    const bad = frame({ opcode: 3, payload: 'cd' });
    const bytes = Buffer.concat([good, bad, good]);
    const { frames, walked, walker } = walk([bytes, good], ({ first }) => first !== 0x83);
    expect(frames).toHaveLength(1);
    // The head that was refused counts as walked: its owner has it.
    expect(walked).toEqual([good.length + 6, 0]);
    expect(walker.atBoundary).toBe(false);
  });

  it('keeps the bytes of a head that is not whole', () => {
    const bytes = frame({ opcode: 1, payload: 'ab' });
    expect(walk([bytes.subarray(0, 5)]).walker.pendingHead).toEqual(bytes.subarray(0, 5));
  });
});
