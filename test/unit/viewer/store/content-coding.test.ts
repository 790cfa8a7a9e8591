import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseCodings, undoCodings } from '../../../../src/viewer/store/content-coding.ts';

const TEXT = Buffer.from(Array.from({ length: 5000 }, (_, n) => `line ${n * n}\n`).join(''));
const MAX = 1024 * 1024;

describe('parseCodings()', () => {
  it.each([
    ['gzip', ['gzip']],
    [' X-GZIP ', ['gzip']],
    ['br', ['br']],
    ['deflate, gzip', ['deflate', 'gzip']],
    ['identity', []],
    ['identity, gzip', ['gzip']],
    ['', []],
    ['zstd', []],
    ['gzip, zstd', []],
    ['gzip, gzip, gzip', []],
    ['constructor', []],
  ])('parseCodings() reads %j as %j', (header, codings) => {
    expect(parseCodings(header)).toEqual(codings);
  });
});

describe('undoCodings()', () => {
  const CASES: [string[], Buffer][] = [
    [['gzip'], gzipSync(TEXT)],
    [['br'], brotliCompressSync(TEXT)],
    [['deflate'], deflateSync(TEXT)],
    [['deflate'], deflateRawSync(TEXT)],
    [['deflate', 'gzip'], gzipSync(deflateSync(TEXT))],
    [['gzip'], Buffer.concat([gzipSync(TEXT.subarray(0, 99)), gzipSync(TEXT.subarray(99))])],
  ];

  it.each(CASES)('undoCodings() undoes %j', async (codings, bytes) => {
    const decoded = await undoCodings(bytes, codings, MAX);
    expect(decoded?.bytes.equals(TEXT)).toBe(true);
    expect(decoded?.isCut).toBe(false);
  });

  it.each(CASES.slice(0, 4))(
    'undoCodings() gives the beginning of a cut %j',
    async (codings, bytes) => {
      const decoded = await undoCodings(bytes.subarray(0, bytes.length / 2), codings, MAX);
      const { length } = decoded?.bytes ?? { length: 0 };
      expect(length).toBeGreaterThan(1000);
      expect(decoded?.bytes.equals(TEXT.subarray(0, length))).toBe(true);
    },
  );

  it('undoCodings() stops at its limit, whatever would come', async () => {
    const member = gzipSync(Buffer.alloc(16 * MAX));
    const bomb = Buffer.concat(Array.from({ length: 100 }, () => member));
    const started = performance.now();
    const decoded = await undoCodings(bomb, ['gzip'], MAX);
    expect(performance.now() - started).toBeLessThan(500);
    expect(decoded?.bytes).toHaveLength(MAX);
    expect(decoded?.isCut).toBe(true);
    const nested = await undoCodings(gzipSync(bomb), ['gzip', 'gzip'], MAX);
    expect(nested).toMatchObject({ isCut: true });
    const exact = await undoCodings(gzipSync(TEXT), ['gzip'], TEXT.length);
    expect(exact).toMatchObject({ isCut: false });
  });

  it('undoCodings() says so where the bytes are damaged behind a good beginning', async () => {
    const damaged = Buffer.from(gzipSync(TEXT));
    damaged.fill(0xff, damaged.length / 2);
    const decoded = await undoCodings(damaged, ['gzip'], MAX);
    expect(decoded?.isCut).toBe(true);
    expect(decoded?.bytes.subarray(0, 6).toString()).toBe('line 0');
  });

  it.each([
    ['plain text', 'gzip'],
    ['', 'gzip'],
    ['{"a": 1}', 'br'],
    ['\x00\x01', 'deflate'],
  ])('undoCodings() gives nothing for %j, which is no %s', async (text, coding) => {
    expect(await undoCodings(Buffer.from(text), [coding], MAX)).toBeNull();
  });
});
