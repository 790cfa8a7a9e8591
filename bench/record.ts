// npm run bench -- record: what a request costs leash in that of each floor, into the file that the tests
// compare with. To be run where nothing else runs.

import { writeFile } from 'node:fs/promises';
import { tempDir } from '../test/support/temp-dir.ts';
import { endChildrenAtExit } from './children.ts';
import { type Cleanup, undo } from './cleanup.ts';
import { machine } from './machine.ts';
import type { Program } from './programs/program.ts';
import { startComparison } from './regression/compare.ts';
import { FLOORS, RECORDED_FILE, readRecorded } from './regression/floors.ts';
import { medianOf } from './regression/judge.ts';

const ROUNDS = 15;

/** Exit code: 0 written. A floor that is not installed keeps what it has. */
export async function main(): Promise<number> {
  endChildrenAtExit();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => process.exit(130));
  const { commit, node, cpu, cores } = machine();
  const recorded = { ...readRecorded() };
  for (const floor of FLOORS.filter((one) => one.describe() !== null)) {
    const ratios = await measure(floor);
    process.stdout.write(`${floor.name}: ${ratios.map((ratio) => ratio.toFixed(2)).join(' ')}\n`);
    recorded[floor.name] = {
      ratio: Number(medianOf(ratios).toFixed(2)),
      machine: `${cpu}, ${cores} cores, node ${node}`,
      date: new Date().toISOString().slice(0, 10),
      commit,
    };
  }
  const text = `${JSON.stringify(recorded, null, 2)}\n`;
  await writeFile(RECORDED_FILE, text);
  process.stdout.write(text);
  return 0;
}

async function measure(floor: Program): Promise<readonly number[]> {
  const cleanup: Cleanup = [];
  try {
    const folder = await tempDir();
    cleanup.push(folder.close);
    const comparison = await startComparison(floor, folder.path);
    cleanup.push(comparison.close);
    return await comparison.ratios(ROUNDS);
  } finally {
    await undo(cleanup);
  }
}
