import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ZstdError } from '../../../../src/shared/zstd/bits.ts';
import {
  buildStateTable,
  constantTable,
  decodeHuffman,
  readHuffmanTable,
  readStateTable,
} from '../../../../src/shared/zstd/entropy.ts';

describe('state tables', () => {
  it('buildStateTable() gives each symbol its share of the states', () => {
    const { accuracy, symbols } = buildStateTable([16, 12, -1, 3], 5);
    expect(accuracy).toBe(5);
    const counts = [0, 1, 2, 3].map((symbol) => symbols.filter((own) => own === symbol).length);
    expect(counts).toEqual([16, 12, 1, 3]);
    // Less than one state: it stands at the end.
    expect(symbols[31]).toBe(2);
  });

  it('constantTable() says one symbol and reads nothing', () => {
    const { accuracy, symbols, bits } = constantTable(7);
    expect([accuracy, [...symbols], [...bits]]).toEqual([0, [7], [0]]);
  });

  it('readStateTable() refuses a table that is larger than the format allows', () => {
    const sizes = { maxAccuracy: 6, maxSymbol: 255 };
    expect(() => readStateTable(Uint8Array.of(0x0f, 0xff), sizes)).toThrow(ZstdError);
  });
});

describe('Huffman codes', () => {
  it('decodeHuffman() reads with a code of plain weights, and wants all bits used', () => {
    // One weight is sent, 1; the last is what makes the code whole: two symbols of one bit.
    const { table, length } = readHuffmanTable(Uint8Array.of(128, 0x10));
    expect([length, table.maxBits]).toEqual([2, 1]);
    const out = new Uint8Array(3);
    decodeHuffman(table, Uint8Array.of(0b0000_1101), out);
    expect([...out]).toEqual([1, 0, 1]);
    expect(() => decodeHuffman(table, Uint8Array.of(0b0000_1101), new Uint8Array(2))).toThrow(
      ZstdError,
    );
  });

  it('neither table ends in anything but a table or a ZstdError, whatever the bytes', () => {
    const sizes = { maxAccuracy: 9, maxSymbol: 52 };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        for (const read of [() => readStateTable(bytes, sizes), () => readHuffmanTable(bytes)]) {
          try {
            expect(read().length).toBeLessThanOrEqual(bytes.length);
          } catch (error) {
            if (!(error instanceof ZstdError)) throw error;
          }
        }
      }),
    );
  });
});
