import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addTrigrams,
  SIGNATURE_BYTES,
  trigramBits,
} from '../../../../src/viewer/index/trigrams.ts';

describe('a signature', () => {
  it('has each bit of each text that stands in it, whatever characters these are', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 60 }),
        fc.nat(59),
        fc.integer({ min: 3, max: 40 }),
        (text, from, length) => {
          const signature = new Uint8Array(SIGNATURE_BYTES);
          addTrigrams(signature, text);
          const isSet = (bit: number) => ((signature[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
          expect(trigramBits(text.slice(from, from + length)).every(isSet)).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  }, 30_000);

  it('has none of most texts that do not, and says nothing of texts of two characters', () => {
    const signature = new Uint8Array(SIGNATURE_BYTES);
    addTrigrams(signature, 'https://api.test/v1/messages');
    const has = (bit: number) => ((signature[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
    expect(trigramBits('evil.example').every(has)).toBe(false);
    expect(trigramBits('ap')).toEqual([]);
    expect(trigramBits('x'.repeat(10_000)).length).toBe(1);
    expect(trigramBits(Array.from({ length: 500 }, (_, n) => n).join()).length).toBeLessThan(17);
  });
});
