import { randomBytes } from 'node:crypto';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseCodings, undoCodings } from '../../../../src/viewer/decode/content-coding.ts';
import { zstdFrame } from '../../../support/zstd-samples.ts';

const TEXT = Buffer.from(Array.from({ length: 5000 }, (_, n) => `line ${n * n}\n`).join(''));
/** In blocks of 16 KiB, not compressed. */
const ZSTD_TEXT = zstdFrame(piecesOf(TEXT, 16 * 1024));
const MAX = 1024 * 1024;
const BOUNDS = { maxBytes: MAX, now: () => 0 };
describe('parseCodings()', () => {
  it.each([
    ['gzip', ['gzip']],
    [' X-GZIP ', ['gzip']],
    ['br', ['br']],
    ['deflate, gzip', ['deflate', 'gzip']],
    ['identity', []],
    ['identity, gzip', ['gzip']],
    ['', []],
    ['zstd', ['zstd']],
    ['zstd, gzip', ['zstd', 'gzip']],
    ['compress', []],
    ['gzip, compress', []],
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
    [['zstd'], ZSTD_TEXT],
  ];

  it.each(CASES)('undoCodings() undoes %j', async (codings, bytes) => {
    const decoded = await undoCodings(bytes, codings, BOUNDS);
    expect(decoded?.bytes.equals(TEXT)).toBe(true);
    expect(decoded?.isCut).toBe(false);
  });

  it.each(CASES.slice(0, 4))(
    'undoCodings() gives the beginning of a cut %j',
    async (codings, bytes) => {
      const decoded = await undoCodings(bytes.subarray(0, bytes.length / 2), codings, BOUNDS);
      const { length } = decoded?.bytes ?? { length: 0 };
      expect(length).toBeGreaterThan(1000);
      expect(decoded?.bytes.equals(TEXT.subarray(0, length))).toBe(true);
    },
  );

  it('undoCodings() stops at its limit, whatever would come', async () => {
    const member = gzipSync(Buffer.alloc(16 * MAX));
    const bomb = Buffer.concat(Array.from({ length: 100 }, () => member));
    const started = performance.now();
    const decoded = await undoCodings(bomb, ['gzip'], BOUNDS);
    expect(performance.now() - started).toBeLessThan(500);
    expect(decoded?.bytes).toHaveLength(MAX);
    expect(decoded?.isCut).toBe(true);
    const nested = await undoCodings(gzipSync(bomb), ['gzip', 'gzip'], BOUNDS);
    expect(nested).toMatchObject({ isCut: true });
    const exact = await undoCodings(gzipSync(TEXT), ['gzip'], { ...BOUNDS, maxBytes: TEXT.length });
    expect(exact).toMatchObject({ isCut: false });
  });

  it('undoCodings() gives a hundred times what came in, or 64 KiB where that is more', async () => {
    const large = Buffer.from(Array.from({ length: 20_000 }, (_, n) => `${n % 1000}`).join(' '));
    const blank = Buffer.alloc(MAX, ' ');
    const bombs = [gzipSync(blank), gzipSync(gzipSync(Buffer.alloc(MAX * 9, ' ')))];
    for (const [index, bomb] of bombs.entries()) {
      const codings = Array.from({ length: index + 1 }, () => 'gzip');
      const decoded = await undoCodings(bomb, codings, BOUNDS);
      expect(decoded?.bytes).toHaveLength(Math.max(64 * 1024, 100 * bomb.length));
      expect(decoded?.isCut).toBe(true);
    }
    const short = blank.subarray(0, 64 * 1024);
    for (const honest of [short, large]) {
      const decoded = await undoCodings(gzipSync(honest), ['gzip'], BOUNDS);
      expect(decoded?.bytes.equals(honest)).toBe(true);
      expect(decoded?.isCut).toBe(false);
    }
  });

  it('undoCodings() ends when its time is over, also where nothing comes out', async () => {
    const looks: number[] = [];
    const clock = (step: number) => () => {
      looks.push(step);
      return looks.length * step;
    };
    const long = gzipSync(randomBytes(MAX));
    const decoded = await undoCodings(long, ['gzip'], { maxBytes: MAX, now: clock(50) });
    expect(decoded?.isCut).toBe(true);
    expect(decoded?.bytes.length).toBeGreaterThan(0);
    expect(decoded?.bytes.length).toBeLessThan(MAX / 4);
    looks.length = 0;
    const nothing = gzipSync('');
    const empty = Buffer.concat(Array.from({ length: 50_000 }, () => nothing));
    expect(await undoCodings(empty, ['gzip'], { maxBytes: MAX, now: clock(50) })).toBeNull();
    expect(looks.length).toBeLessThan(8);
  });

  it('undoCodings() says so where the bytes are damaged behind a good beginning', async () => {
    const damaged = Buffer.from(gzipSync(TEXT));
    damaged.fill(0xff, damaged.length / 2);
    const decoded = await undoCodings(damaged, ['gzip'], BOUNDS);
    expect(decoded?.isCut).toBe(true);
    expect(decoded?.bytes.subarray(0, 6).toString()).toBe('line 0');
  });

  it.each([
    ['plain text', 'gzip'],
    ['', 'gzip'],
    ['{"a": 1}', 'br'],
    ['\x00\x01', 'deflate'],
  ])('undoCodings() gives nothing for %j, which is no %s', async (text, coding) => {
    expect(await undoCodings(Buffer.from(text), [coding], BOUNDS)).toBeNull();
  });
});

describe('zstd', () => {
  it('undoCodings() stops a zstd bomb at its limits: each block is 128 KiB for four bytes', async () => {
    const repeat = (isLast: number) => {
      const header = (128 * 1024 * 8) | 2 | isLast;
      return [header & 255, (header >> 8) & 255, header >> 16, 120];
    };
    const blocks = Array.from({ length: 20_000 }, (_, n) => repeat(n === 19_999 ? 1 : 0));
    const bomb = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3, ...blocks.flat()]);
    const decoded = await undoCodings(bomb, ['zstd'], BOUNDS);
    expect(decoded?.bytes).toHaveLength(MAX);
    expect(decoded?.isCut).toBe(true);
    let looks = 0;
    const now = () => {
      looks += 1;
      return looks * 50;
    };
    await undoCodings(bomb, ['zstd'], { maxBytes: 1024 * MAX, now });
    expect(looks).toBeLessThan(8);
  });
});

function piecesOf(bytes: Buffer, size: number): Buffer[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, n) => bytes.subarray(n * size, (n + 1) * size));
}
