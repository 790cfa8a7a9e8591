import { describe, expect, it } from 'vitest';
import { type KeptSegment, segmentsToDelete } from '../../../../src/primary/archive/retention.ts';

const DAY = 86_400_000;
const NOW = 1_700_000_000_000;

/** Segments of 100 bytes, oldest first, of these ages in days. */
const sealed = (...ages: number[]): KeptSegment[] =>
  ages.map((age, index) => ({
    number: index + 1,
    file: `egress.${index + 1}.jsonl.gz`,
    bytes: 100,
    mtimeMs: NOW - age * DAY,
  }));
const decide = (ages: number[], retainBytes: number, days: number, live = 50) => {
  const rule = { retainBytes, retainMs: days * DAY };
  const { goes, isFull } = segmentsToDelete(sealed(...ages), live, rule, NOW);
  return [goes.map(({ number }) => number), isFull];
};

describe('segmentsToDelete()', () => {
  it.each([
    ['no rule keeps everything', [900, 800, 1], 0, 0, [[], false]],
    ['size alone: oldest first, until it fits', [3, 2, 1], 250, 0, [[1], false]],
    ['size alone: as many as it takes', [3, 2, 1], 100, 0, [[1, 2, 3], false]],
    ['size alone: nothing while it fits', [3, 2, 1], 350, 0, [[], false]],
    ['age alone: all that are as old', [31, 30, 29], 0, 30, [[1, 2], false]],
    ['both: none younger than the age', [31, 29, 28], 200, 30, [[1], true]],
    ['both: none that is old while it fits', [40, 39, 38], 1000, 30, [[], false]],
    ['both: full of the young ones', [3, 2, 1], 200, 30, [[], true]],
    ['both: a young one stops, an older number behind it stays', [1, 40], 100, 30, [[], true]],
    ['nothing finished yet', [], 10, 0, [[], true]],
  ])('%s', (_, ages, bytes, days, expected) => {
    expect(decide(ages as number[], bytes as number, days as number)).toEqual(expected);
  });
});
