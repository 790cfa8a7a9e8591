import { describe, expect, it } from 'vitest';
import { codesOf, markCodes } from '../../../../src/viewer/search/value-codes.ts';

const hosts = (count: number) => [null, ...Array.from({ length: count }, (_, n) => `H${n}.test`)];

describe('codesOf()', () => {
  it('finds each value that is equal but for upper and lower case, also those that came later', async () => {
    const values = [null, 'Ci', 'builder', 'ci', 443, 'CI'];
    expect((await codesOf(values, ['ci', 'absent'])).sort()).toEqual([1, 3, 5]);
    values.push('ci ', 'cI');
    expect((await codesOf(values, ['ci', 'builder'])).sort()).toEqual([1, 2, 3, 5, 7]);
  });

  it('lets others have their turn, and two at once find the same', async () => {
    const values = hosts(60_000);
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 0);
    const both = await Promise.all([
      codesOf(values, ['h59999.test']),
      codesOf(values, ['h1.test']),
    ]);
    clearInterval(timer);
    expect(both).toEqual([[60_000], [2]]);
    expect(turns).toBeGreaterThan(1);
  });
});

describe('markCodes()', () => {
  it('ends when the time is over, and says from where on nothing is known', async () => {
    const values = hosts(60_000);
    const table = new Uint8Array(values.length);
    let asked = 0;
    const isOver = () => {
      asked += 1;
      return asked > 2;
    };
    const end = await markCodes(values, table, { holds: () => true, weight: 64, isOver });
    expect(end).toBeGreaterThan(1);
    expect(end).toBeLessThan(1000);
    expect([table[0], table[1], table[end - 1], table[end]]).toEqual([0, 1, 1, 0]);
    const all = { holds: (value: unknown) => value === 'H7.test', weight: 1, isOver: () => false };
    table.fill(0);
    expect(await markCodes(values, table, all)).toBe(values.length);
    expect(table.indexOf(1)).toBe(8);
  });
});
