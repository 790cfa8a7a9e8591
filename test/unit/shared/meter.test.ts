import { describe, expect, it } from 'vitest';
import { areCounts, growingSlots, Meter, slotCount } from '../../../src/shared/meter.ts';

const TABLE = {
  plain: { type: 'counter', name: 'a_total', help: 'A.' },
  labelled: { type: 'counter', name: 'b_total', help: 'B.', label: 'of', of: ['x', 'y'] },
  level: { type: 'gauge', name: 'c', help: 'C.' },
  times: { type: 'histogram', name: 'd_seconds', help: 'D.', bounds: [1, 10] },
} as const;

describe('Meter', () => {
  it('lays its numbers out in the order of the table: buckets, the one above, the sum', () => {
    const meter = new Meter(TABLE);
    meter.add('plain');
    meter.add('labelled', 5, 1);
    meter.set('level', 7);
    for (const value of [0, 1, 1.5, 10, 11]) meter.observe('times', value);
    expect(meter.read()).toEqual([1, 0, 5, 7, 2, 2, 1, 23.5]);
    expect(slotCount(TABLE)).toBe(8);
    expect(growingSlots(TABLE)).toEqual([true, true, true, false, true, true, true, true]);
  });

  it('raises a counter to a sum from elsewhere, and never lowers it', () => {
    const meter = new Meter(TABLE);
    meter.raise('plain', 4);
    meter.raise('plain', 3);
    expect(meter.read()[0]).toBe(4);
  });

  it('takes no observation that is none: below zero, or no number', () => {
    const meter = new Meter(TABLE);
    meter.observe('times', -1);
    meter.observe('times', Number.NaN);
    expect(meter.read()).toEqual(new Array(8).fill(0));
  });
});

describe('areCounts()', () => {
  it('is true of as many numbers as were asked for, none below zero', () => {
    expect(areCounts([0, 1.5, 1e15], 3)).toBe(true);
  });

  it.each([
    [[1, 2]],
    [[1, 2, 3, 4]],
    [[1, 2, -1]],
    [[1, 2, '3']],
    [[1, 2, null]],
    [[1, 2, 1e16]],
    [[1, 2, Number.NaN]],
    [{ length: 3 }],
    ['123'],
    [null],
  ])('is false of %j', (value) => {
    expect(areCounts(value, 3)).toBe(false);
  });
});
