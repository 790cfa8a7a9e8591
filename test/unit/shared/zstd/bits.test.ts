import { describe, expect, it } from 'vitest';
import {
  BackwardBits,
  ForwardBits,
  highestBit,
  ZstdError,
} from '../../../../src/shared/zstd/bits.ts';

describe('highestBit()', () => {
  it.each([
    [1, 0],
    [2, 1],
    [255, 7],
    [256, 8],
    [0, -1],
  ])('highestBit(%d) is %d', (value, bit) => expect(highestBit(value)).toBe(bit));
});

describe('ForwardBits', () => {
  it('reads the least significant bits first, across bytes, and counts bytes it has begun', () => {
    const bits = new ForwardBits(Uint8Array.of(0b1010_0110, 0b0000_0011));
    expect([bits.read(3), bits.read(4), bits.read(3)]).toEqual([0b110, 0b0100, 0b111]);
    expect(bits.bytesRead).toBe(2);
    bits.back(3);
    expect([bits.bytesRead, bits.read(1)]).toEqual([1, 1]);
  });

  it('throws behind the end', () => {
    const bits = new ForwardBits(Uint8Array.of(0xff));
    bits.read(8);
    expect(() => bits.read(1)).toThrow(ZstdError);
  });
});

describe('BackwardBits', () => {
  it('reads from the mark in the last byte on; what is missing is zeros', () => {
    const bits = new BackwardBits(Uint8Array.of(0b1100_0001, 0b0001_0110));
    expect([bits.left, bits.read(4), bits.peek(3), bits.left]).toEqual([12, 0b0110, 0b110, 8]);
    expect([bits.read(8), bits.left]).toEqual([0b1100_0001, 0]);
    expect([bits.read(5), bits.left]).toEqual([0, -5]);
  });

  it.each([[[]], [[1, 0]]])('throws where %j has no mark', (bytes) => {
    expect(() => new BackwardBits(Uint8Array.from(bytes))).toThrow(ZstdError);
  });
});
