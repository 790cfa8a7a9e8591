import { describe, expect, it } from 'vitest';
import { bytesOf, hexDump } from '../../../../src/viewer/ui/detail/body/hex-dump.ts';

const dumpOf = (bytes: readonly number[], limit: number) =>
  hexDump(bytesOf(Buffer.from(bytes).toString('base64'), 'base64', limit));

describe('hexDump()', () => {
  it('hexDump() shows offset, bytes and what is printable', () => {
    const bytes = [...Buffer.from('GIF89a'), 0, 0x1f, 0x20, 0x7e, 0x7f, 0xff, 1, 2, 3, 4, 65];
    expect(dumpOf(bytes, 1000).split('\n')).toEqual([
      '00000000  47 49 46 38 39 61 00 1f  20 7e 7f ff 01 02 03 04  GIF89a.. ~......',
      '00000010  41                                                A',
    ]);
  });

  it.each([0, 1, 2, 3, 4, 15, 16, 17, 99])('hexDump() stops after %i bytes', (limit) => {
    const dump = dumpOf(
      Array.from({ length: 100 }, (_, n) => n),
      limit,
    );
    const shown = dump
      .split('\n')
      .flatMap((line) => line.slice(10, 58).match(/[0-9a-f]{2}/g) ?? []);
    expect(shown.map((byte) => Number.parseInt(byte, 16))).toEqual(
      Array.from({ length: limit }, (_, n) => n),
    );
  });

  it('hexDump() of nothing is empty', () => expect(hexDump('')).toBe(''));

  it('bytesOf() gives the bytes of a text, whole characters or not', () => {
    expect(bytesOf('aä', 'utf8', 100)).toBe('a\xc3\xa4');
    expect(bytesOf('aä', 'utf8', 2)).toBe('a\xc3');
  });
});
