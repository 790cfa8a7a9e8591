// When a request counts as dearer than it was.

import { expect, it } from 'vitest';
import { FLOORS, readRecorded } from '../../../bench/regression/floors.ts';
import { judgeRatio } from '../../../bench/regression/judge.ts';

/** Gives one list after the other, and notes how long each had to be. */
function measured(...lists: readonly number[][]) {
  const asked: number[] = [];
  const measure = async (rounds: number) => {
    asked.push(rounds);
    return lists[asked.length - 1] ?? [];
  };
  return { asked, measure };
}

it('takes the median of five rounds, and half as much again as the same', async () => {
  const { asked, measure } = measured([1, 1, 6, 9, 9]);
  expect(await judgeRatio(measure, 4)).toEqual({ ratio: 6, limit: 6, isMet: true });
  expect(asked).toEqual([5]);
});

it('measures once more, for longer, before it says that a request is dearer', async () => {
  const good = measured([9, 9, 9, 1, 1], [4]);
  expect(await judgeRatio(good.measure, 4)).toEqual({ ratio: 4, limit: 6, isMet: true });
  expect(good.asked).toEqual([5, 9]);
  const bad = measured([7], [6.1], [1]);
  expect(await judgeRatio(bad.measure, 4)).toEqual({ ratio: 6.1, limit: 6, isMet: false });
  expect(bad.asked).toEqual([5, 9]);
});

it('judges nothing where no round was measured', async () => {
  await expect(judgeRatio(measured().measure, 4)).rejects.toThrow('no round was measured');
});

it.each(FLOORS)('a ratio is recorded by $name', ({ name }) => {
  expect(readRecorded()[name]?.ratio).toBeGreaterThan(1);
});
