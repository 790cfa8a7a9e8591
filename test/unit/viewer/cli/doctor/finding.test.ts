import { expect, it } from 'vitest';
import { bytesText, count, few } from '../../../../../src/viewer/cli/doctor/finding.ts';

it('few() names two at most', () => {
  expect(few([])).toBe('');
  expect(few(['a'])).toBe('a');
  expect(few(['a', 'b'])).toBe('a and b');
  expect(few(['a', 'b', 'c'])).toBe('a, b and 1 other');
  expect(few(['a', 'b', 'c', 'd'])).toBe('a, b and 2 others');
});

it('count() and bytesText() are for people', () => {
  expect([count(1, 'day'), count(0, 'day')]).toEqual(['1 day', '0 days']);
  expect([0, 999, 1500, 12.34e9, 5e15].map(bytesText)).toEqual([
    '0 B',
    '999 B',
    '1.5 kB',
    '12.3 GB',
    '5000 TB',
  ]);
});
