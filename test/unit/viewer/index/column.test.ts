import { describe, expect, it } from 'vitest';
import {
  Column,
  Dictionary,
  kindOf,
  MAX_VALUE_CHARS,
  MAX_VALUES,
  SortedColumn,
} from '../../../../src/viewer/index/column.ts';
import { OTHER } from '../../../../src/viewer/index/segment-index.ts';

describe('Column', () => {
  it('grows, and what was read of it stays as it is', () => {
    const column = new Column();
    column.push(1);
    const before = column.view();
    for (let n = 2; n <= 5000; n += 1) column.push(n);
    expect([...before]).toEqual([1]);
    expect(column.view().length).toBe(5000);
    expect(column.view(3)).toEqual(Float64Array.of(1, 2, 3));
  });

  it.each([
    ['u8', [0, 255]],
    ['u16', [256, 0]],
    ['u32', [65_536, 4_294_967_295]],
    ['f64', [4_294_967_296]],
    ['f64', [0.5]],
    ['f64', [-1]],
    ['f64', [Number.NaN]],
  ] as const)('is as narrow as its numbers allow: %s for %j', (kind, numbers) => {
    expect(kindOf(numbers)).toBe(kind);
  });
});

describe('SortedColumn', () => {
  it('gives what came so far in order, and does not sort what it has sorted', () => {
    const column = new SortedColumn();
    for (const value of [5, 1, 9]) column.push(value);
    const first = column.view();
    expect([...first]).toEqual([1, 5, 9]);
    expect(column.view()).toBe(first);
    for (const value of [7, 0, 5]) column.push(value);
    expect([...column.view()]).toEqual([0, 1, 5, 5, 7, 9]);
    expect([...column.view(3)]).toEqual([1, 5, 9]);
    expect([...first]).toEqual([1, 5, 9]);
  });
});

describe('Dictionary', () => {
  it('gives equal values one code, and keeps numbers and texts apart', () => {
    const dictionary = new Dictionary();
    const codes = ['a', 'b', 'a', '', null, 200, '200'].map((value) => dictionary.codeOf(value));
    expect(codes).toEqual([1, 2, 1, 3, 4, 5, 6]);
    expect(dictionary.values.slice(1)).toEqual(['a', 'b', '', null, 200, '200']);
  });

  it('has a code for all that is too long, and for all that is too much', () => {
    const dictionary = new Dictionary();
    expect(dictionary.codeOf('x'.repeat(MAX_VALUE_CHARS + 1))).toBe(OTHER);
    for (let n = 1; n < MAX_VALUES; n += 1) dictionary.codeOf(n);
    expect(dictionary.codeOf('one more')).toBe(OTHER);
    expect(dictionary.codeOf(1)).toBe(1);
    expect(dictionary.values).toHaveLength(MAX_VALUES);
  });
});
