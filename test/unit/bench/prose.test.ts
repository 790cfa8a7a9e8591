import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { prose } from '../../../bench/openloop/prose.ts';

describe('prose()', () => {
  it('is as long as asked for, of plain words, and the same for the same seed', () => {
    for (const bytes of [0, 1, 8, 1000]) expect(prose(bytes, 1)).toHaveLength(bytes);
    expect(prose(1000, 1)).toMatch(/^[a-z ]+$/);
    expect(prose(1000, 1)).toBe(prose(1000, 1));
    expect(prose(1000, 2)).not.toBe(prose(1000, 1));
    for (let n = 1; n < 30; n += 1) expect(prose(1000, 1).startsWith(prose(n, 1))).toBe(true);
  });

  it('compresses as text does, to a half or a quarter', () => {
    const text = prose(100_000, 5);
    const ratio = text.length / gzipSync(text).length;
    expect(ratio).toBeGreaterThan(2);
    expect(ratio).toBeLessThan(4);
  });
});
