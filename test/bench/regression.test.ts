// A request costs leash about as much CPU as it did when that was recorded, in the CPU of a floor of the
// machine that is measured beside it: nginx, and where it is not installed a pipe from TLS to TLS in Node.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Comparison, startComparison } from '../../bench/regression/compare.ts';
import { FLOORS, readRecorded } from '../../bench/regression/floors.ts';
import { judgeRatio } from '../../bench/regression/judge.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';

const floor = FLOORS.find((one) => one.describe() !== null);
const recorded = readRecorded()[floor?.name ?? ''];
let folder: TempDir;
let comparison: Comparison;

beforeAll(async () => {
  if (floor === undefined) throw new Error('there is nothing to compare with');
  folder = await tempDir();
  comparison = await startComparison(floor, folder.path);
});
afterAll(async () => {
  await comparison?.close();
  await folder?.close();
});

it(`a request of 1 KB costs at most 1.5 times as much CPU, by ${floor?.name}, as is recorded`, async () => {
  const { ratio, limit, isMet } = await judgeRatio(comparison.ratios, recorded?.ratio ?? 0);
  const said = `${ratio.toFixed(2)} times ${floor?.name}; recorded ${recorded?.ratio}, limit ${limit.toFixed(2)}`;
  process.stdout.write(`a request costs ${said}\n`);
  expect(isMet, `${said}; recorded at ${recorded?.commit} on ${recorded?.machine}`).toBe(true);
});
