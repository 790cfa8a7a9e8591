import { describe, expect, it } from 'vitest';
import { BoundedCache } from '../../../../src/viewer/store/bounded-cache.ts';

const held = (cache: BoundedCache<string>) =>
  ['a', 'b', 'c', 'd'].filter((key) => cache.get(key) !== undefined).join('');

describe('BoundedCache', () => {
  it('BoundedCache drops what was used longest ago when all is too heavy', () => {
    const cache = new BoundedCache<string>(10);
    cache.set('a', '1', 4);
    cache.set('b', '2', 4);
    expect(cache.get('a')).toBe('1');
    cache.set('c', '3', 4);
    expect(held(cache)).toBe('ac');
    cache.set('d', '4', 10);
    expect(held(cache)).toBe('d');
  });

  it('BoundedCache weighs a key once, however often it is set', () => {
    const cache = new BoundedCache<string>(10);
    for (let n = 0; n < 9; n += 1) cache.set('a', String(n), 5);
    cache.set('b', '', 5);
    expect(cache.get('a')).toBe('8');
    expect(held(cache)).toBe('ab');
  });

  it('BoundedCache keeps nothing that is heavier than its limit', () => {
    const cache = new BoundedCache<string>(10);
    cache.set('a', '1', 10);
    cache.set('b', '2', 11);
    expect(held(cache)).toBe('a');
    cache.set('a', '1', 11);
    expect(held(cache)).toBe('');
  });
});
