import { describe, expect, it } from 'vitest';
import {
  drawnRange,
  keepPlace,
  OVERSCAN,
  scrollToShow,
} from '../../../../src/viewer/ui/list/window-math.ts';

const view = (top: number, height = 300, rowHeight = 30) => ({ top, height, rowHeight });
const rows = (...names: string[]) => names.map((at) => ({ at }));

describe('drawnRange()', () => {
  it('drawnRange() draws what can be seen and a few more, whatever the length of the list', () => {
    expect(drawnRange(1000, view(0))).toEqual([0, 10 + OVERSCAN]);
    expect(drawnRange(1000, view(15_000))).toEqual([500 - OVERSCAN, 510 + OVERSCAN]);
    expect(drawnRange(1000, view(29_700))).toEqual([990 - OVERSCAN, 1000]);
    expect(drawnRange(1000, view(-50))).toEqual([0, 10 + OVERSCAN]);
  });

  it('drawnRange() has no row that is not there', () => {
    expect(drawnRange(0, view(0))).toEqual([0, 0]);
    expect(drawnRange(3, view(0))).toEqual([0, 3]);
    expect(drawnRange(3, view(90_000))).toEqual([3, 3]);
  });
});

describe('scrollToShow()', () => {
  it.each([
    [5, 0, 0],
    [9, 0, 0],
    [10, 0, 30],
    [99, 0, 2700],
    [2, 100, 60],
    [0, 100, 0],
  ])('scrollToShow() shows row %i from %i at %i', (index, top, expected) => {
    expect(scrollToShow(index, view(top))).toBe(expected);
  });
});

describe('keepPlace()', () => {
  const old = rows('e', 'd', 'c', 'b', 'a');

  it('keepPlace() moves with rows that come or go above', () => {
    expect(keepPlace(old, rows('g', 'f', 'e', 'd', 'c', 'b', 'a'), view(65))).toBe(125);
    expect(keepPlace(old, rows('c', 'b', 'a', 'z'), view(65))).toBe(5);
    expect(keepPlace(old, rows('e', 'd', 'c'), view(65))).toBe(65);
  });

  it('keepPlace() goes by the next row where the first one that can be seen is gone', () => {
    expect(keepPlace(old, rows('f', 'e', 'd', 'b', 'a'), view(65))).toBe(65);
    expect(keepPlace(old, rows('x', 'e', 'd'), view(125))).toBe(155);
  });

  it('keepPlace() begins at the top of another list', () => {
    expect(keepPlace(old, rows('z', 'y'), view(65))).toBe(0);
    expect(keepPlace(old, [], view(65))).toBe(0);
    expect(keepPlace([], old, view(65))).toBe(0);
  });
});
