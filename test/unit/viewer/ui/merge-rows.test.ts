import { describe, expect, it } from 'vitest';
import { type Row, toRow } from '../../../../src/viewer/store/row.ts';
import {
  appendRows,
  dropEnded,
  isAfter,
  prependRows,
} from '../../../../src/viewer/ui/list/merge-rows.ts';

const row = (at: number, event = 'allowed', id = `f${at}`) =>
  toRow({ event, id }, `1:${at}`) as Row;
const ats = (rows: readonly Row[]) => rows.map((each) => Number(each.at.slice(2)));

describe('prependRows()', () => {
  it('prependRows() puts new rows in front, each row once', () => {
    expect(ats(prependRows([row(4), row(3)], [row(3), row(2)]))).toEqual([4, 3, 2]);
    expect(ats(prependRows([], [row(2)]))).toEqual([2]);
  });

  it('prependRows() lets a running row go when the end of its flow comes', () => {
    const older = [row(3, 'intent', 'a'), row(2, 'intent', 'b')];
    expect(ats(prependRows([row(9, 'allowed', 'a')], older))).toEqual([9, 2]);
    expect(ats(prependRows([row(9, 'blocked', 'b')], older))).toEqual([9, 3]);
  });

  it('prependRows() lets a running row go whose end came at the same time', () => {
    const newer = [row(9, 'allowed', 'a'), row(8, 'intent', 'a'), row(7, 'intent', 'b')];
    expect(ats(prependRows(newer, [row(2)]))).toEqual([9, 7, 2]);
  });

  it('prependRows() keeps a running row while its messages come', () => {
    expect(ats(prependRows([row(9, 'websocket', 'a')], [row(3, 'intent', 'a')]))).toEqual([9, 3]);
  });

  it('prependRows() keeps other rows of the flow', () => {
    const older = [row(3, 'websocket', 'a'), row(2, 'intent', 'a')];
    expect(ats(prependRows([row(9, 'allowed', 'a')], older))).toEqual([9, 3]);
  });
});

describe('appendRows()', () => {
  it('appendRows() puts old rows behind, each row once', () => {
    expect(ats(appendRows([row(4), row(3)], [row(3), row(2)]))).toEqual([4, 3, 2]);
  });
});

describe('dropEnded()', () => {
  it('dropEnded() lets running rows of ended flows go, and leaves the list as it is otherwise', () => {
    const rows = [row(3, 'intent', 'a'), row(2, 'allowed', 'a')];
    expect(ats(dropEnded(rows, new Set(['a'])))).toEqual([2]);
    expect(dropEnded(rows, new Set(['b']))).toBe(rows);
  });
});

describe('isAfter()', () => {
  it.each([
    ['1:20', '1:3', true],
    ['1:3', '1:3', false],
    ['2:0', '1:99', true],
    ['1:99', '10:0', false],
    ['1:0', null, true],
  ])('isAfter() of %s and %s: %s', (at, than, expected) => {
    expect(isAfter(at, than)).toBe(expected);
  });
});
