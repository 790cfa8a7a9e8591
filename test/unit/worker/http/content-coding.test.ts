import * as zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type Coding, codingOf, decodeNow } from '../../../../src/worker/http/content-coding.ts';
import { sampleText, ZSTD_SAMPLES, zstdFrame } from '../../../support/zstd-samples.ts';

const TEXT = sampleText(3000);
const coded: [string, Coding, Buffer][] = [
  ['gzip', 'gzip', zlib.gzipSync(TEXT)],
  ['gzip in two members', 'gzip', members(TEXT.subarray(0, 1000), TEXT.subarray(1000))],
  ['br', 'br', zlib.brotliCompressSync(TEXT)],
  ['deflate', 'deflate', zlib.deflateSync(TEXT)],
  ['deflate without its frame', 'deflate', zlib.deflateRawSync(TEXT)],
  ['zstd', 'zstd', ZSTD_SAMPLES[1]?.coded ?? Buffer.alloc(0)],
];

function members(...pieces: Buffer[]): Buffer {
  return Buffer.concat(pieces.map((piece) => zlib.gzipSync(piece)));
}

describe('codingOf()', () => {
  it.each([
    ['gzip', 'gzip'],
    ['X-GZip', 'gzip'],
    [' GZIP ', 'gzip'],
    ['br', 'br'],
    ['deflate', 'deflate'],
    ['Zstd', 'zstd'],
    ['identity, gzip', 'gzip'],
    ['identity', null],
    ['', null],
    ['compress', null],
    ['gzip, gzip', null],
    ['gzip, br', null],
    ['gzip;q=1', null],
    ['constructor', null],
  ])('reads "%s" as %s', (value, coding) => {
    expect(codingOf('text', ['Host', 'a.test', 'CONTENT-encoding', value])).toBe(coding);
  });

  it('takes two lines for two codings, and none for none', () => {
    const twice = ['Content-Encoding', 'gzip', 'Content-Encoding', 'gzip'];
    expect(codingOf('text', twice)).toBeNull();
    expect(codingOf('text', ['Host', 'a.test'])).toBeNull();
  });

  it('finds none where the bytes of the wire are wanted', () => {
    expect(codingOf('all', ['Content-Encoding', 'gzip'])).toBeNull();
  });
});

describe('decodeNow()', () => {
  it.each(coded)('decodes %s', (_name, coding, bytes) => {
    expect(decodeNow(coding, bytes, 100_000)).toEqual(TEXT);
  });

  it.each(coded)('gives what there is of %s that was cut off', (_name, coding, bytes) => {
    const half = decodeNow(coding, bytes.subarray(0, bytes.length / 2), 100_000);
    // A block is not read before it is whole: what is there of one would be left out.
    if (coding === 'zstd') {
      expect(half).toBe('corrupt');
      return;
    }
    expect(half).toBeInstanceOf(Buffer);
    expect(TEXT.subarray(0, half.length).equals(Buffer.from(half))).toBe(true);
  });

  it.each(coded)('says that %s is longer than it may become', (_name, coding, bytes) => {
    expect(decodeNow(coding, bytes, TEXT.length - 1)).toBe('longer');
    expect(decodeNow(coding, bytes, TEXT.length)).toEqual(TEXT);
  });

  it.each(coded)('does not leave out in silence what stands behind %s', (_name, coding, bytes) => {
    for (const tail of ['secret', '\0secret', '\0']) {
      const all = Buffer.concat([bytes, Buffer.from(tail)]);
      expect(decodeNow(coding, all, 100_000)).toBe('corrupt');
    }
  });

  it.each(['gzip', 'br', 'deflate', 'zstd'] as const)('finds text that says %s', (coding) => {
    expect(decodeNow(coding, Buffer.from('this is plain text, not coded'), 1000)).toBe('corrupt');
  });

  it('leaves zstd of many blocks to a stream', () => {
    const frame = zstdFrame(Array.from({ length: 50 }, () => Buffer.from('x')));
    expect(decodeNow('zstd', frame, 1000)).toBe('longer');
  });
});
