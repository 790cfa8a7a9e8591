import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeldBytes } from '../../../src/shared/held-bytes.ts';

describe('HeldBytes', () => {
  it('gives what was added, in order, whatever the sizes, and then holds nothing', () => {
    const sizes = fc.array(fc.constantFrom(0, 1, 4095, 4096, 65_536, 65_537, 200_000));
    fc.assert(
      fc.property(sizes, fc.boolean(), (lengths, areViews) => {
        const held = new HeldBytes();
        const chunks = lengths.map((length, n) => {
          const buffer = Buffer.alloc(areViews ? 3 * length + 1 : length, n + 1);
          return buffer.subarray(0, length);
        });
        for (const chunk of chunks) held.add(chunk);
        const all = Buffer.concat(chunks);
        expect(held.length).toBe(all.length);
        expect(held.join().equals(all)).toBe(true);
        expect(held.take().equals(all)).toBe(true);
        expect(held.length).toBe(0);
        expect(held.take()).toHaveLength(0);
      }),
    );
  });

  it('does not keep a large read buffer alive for a part of it', () => {
    const held = new HeldBytes();
    const big = Buffer.alloc(65_536, 0x61);
    held.add(big.subarray(0, 5000));
    big.fill(0x62);
    expect(held.take().equals(Buffer.alloc(5000, 0x61))).toBe(true);
  });
});
