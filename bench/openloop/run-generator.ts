// Starts a load generator and reads what it found.

import { fileURLToPath } from 'node:url';
import { endChildrenAtExit } from '../children.ts';
import { type Running, startProgram } from '../processes.ts';
import type { Numbers } from './distribution.ts';
import type { GeneratorParameters } from './generator.ts';

const CHILD = fileURLToPath(new URL('./child.mjs', import.meta.url));

/** Runs it to its end; throws with what it said where it failed. */
export async function runGenerator(parameters: GeneratorParameters): Promise<Numbers> {
  const program = startChild('./generator.ts', parameters);
  try {
    const numbers: Numbers = JSON.parse(await program.firstLine());
    // What the first failed request met.
    if (program.stderr() !== '') process.stderr.write(`bench: ${program.stderr()}`);
    return numbers;
  } finally {
    await program.stop();
  }
}

/** A file of this folder as a process of its own; it ends with this one. */
export function startChild(file: string, parameters: object): Running {
  endChildrenAtExit();
  return startProgram(process.execPath, [CHILD, file, JSON.stringify(parameters)]);
}
