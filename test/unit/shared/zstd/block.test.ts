import { describe, expect, it } from 'vitest';
import { ZstdError } from '../../../../src/shared/zstd/bits.ts';
import { type BlockState, decodeBlock } from '../../../../src/shared/zstd/block.ts';

const state = (): BlockState => ({
  huffman: null,
  tables: { literals: null, offset: null, match: null },
  offsets: [1, 4, 8],
});

function decode(block: readonly number[], maxBytes = 1024): string {
  const bytes = Buffer.alloc(4096);
  const window = { bytes, end: 0, size: 1024 };
  const written = decodeBlock(Uint8Array.from(block), state(), window, maxBytes);
  return bytes.toString('latin1', 0, written);
}

const ascii = (text: string) => [...Buffer.from(text)];

describe('decodeBlock()', () => {
  it('decodeBlock() gives literals that no sequence follows, plain and repeated', () => {
    expect(decode([3 << 3, ...ascii('abc'), 0])).toBe('abc');
    expect(decode([1 | (5 << 3), ...ascii('x'), 0])).toBe('xxxxx');
  });

  it.each([
    ['more literals than may come out', [1 | (31 << 3), 120, 0], 8],
    ['literals that are cut off', [9 << 3, 97], 1024],
    ['bytes behind the literals', [1 << 3, 97, 0, 0], 1024],
    ['a code that was never sent', [3 | (1 << 4), 0, 0, 0], 1024],
    ['an unknown form of sequences', [1 << 3, 97, 1, 3, 1], 1024],
  ])('decodeBlock() refuses %s', (_, block, maxBytes) => {
    expect(() => decode(block, maxBytes)).toThrow(ZstdError);
  });
});
