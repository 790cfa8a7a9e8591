// How many idle tunnels a machine's limit of open files has room for.

import { expect, it } from 'vitest';
import { planIdle } from '../../../bench/rows/idle.ts';

function limits(soft: string): string {
  return `Limit                     Soft Limit           Hard Limit           Units
Max processes             100                  100                  processes
Max open files            ${soft.padEnd(20)} 1048576              files
`;
}

it.each([
  ['1048576', 10_000, true],
  ['unlimited', 10_000, true],
  ['20000', 10_000, true],
  ['19999', 10_000, false],
  ['11000', 10_000, false],
  ['10999', 9999, false],
  ['1024', 24, true],
  ['100', 1, true],
])('with %s files: %i tunnels, asked once: %s', (soft, tunnels, asksOnce) => {
  expect(planIdle(limits(soft))).toEqual({ tunnels, asksOnce });
});
