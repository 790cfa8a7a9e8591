import { describe, expect, it } from 'vitest';
import { FrameDecoder } from '../../../src/shared/frame-decoder.ts';
import { encodeMint, encodeRecord, type Frame } from '../../../src/shared/ipc.ts';

function decode(chunks: readonly Buffer[], limit = 1000): Frame[] {
  const frames: Frame[] = [];
  const decoder = new FrameDecoder(limit);
  for (const chunk of chunks) decoder.push(chunk, (frame) => frames.push(frame));
  return frames;
}

function cut(bytes: Buffer, size: number): Buffer[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, n) => bytes.subarray(n * size, (n + 1) * size));
}

describe('FrameDecoder', () => {
  it('finds the frames in their order, also behind one that came in two chunks', () => {
    const bytes = Buffer.concat(
      ['a.test', 'b.test', 'c.test'].map((host, n) => encodeMint(n, host)),
    );
    const [first, second] = [bytes.subarray(0, 20), bytes.subarray(20)];
    const hosts = decode([first, second]).map((frame) => 'host' in frame && frame.host);
    expect(hosts).toEqual(['a.test', 'b.test', 'c.test']);
  });

  it('refuses a frame that is longer than it was made for before that has come', () => {
    const limit = 16;
    const sized = (length: number) => Buffer.from([0, 0, 0, length, 99]);
    expect(() => decode(cut(sized(limit), 5), limit)).not.toThrow();
    expect(() => decode(cut(sized(limit + 1), 5), limit)).toThrow('its length 17 is not 1-16');
  });

  it('puts a frame that came in pieces together in memory of just its length', () => {
    const bytes = encodeRecord('allowed', 1, `"url":"${'x'.repeat(20_000)}"`);
    // As a socket gives them: at the end of a piece of memory that is much longer.
    const chunks = cut(bytes, 6000).map((piece) =>
      Buffer.concat([Buffer.alloc(65_536), piece]).subarray(65_536),
    );
    const [frame] = decode(chunks, 30_000);
    expect(frame).toMatchObject({ type: 'record', members: bytes.subarray(14) });
    const kept = frame?.type === 'record' ? frame.members.buffer.byteLength : 0;
    expect(kept).toBe(bytes.length - 4);
  });
});
