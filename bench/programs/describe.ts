// What is said of a program of the machine: its version, and what it writes down.

import { findProgram, readVersion } from '../processes.ts';

/** Null: it is not installed. */
export function describeProgram(
  name: string,
  args: readonly string[],
  pattern: RegExp,
  does: string,
): string | null {
  const file = findProgram(name);
  return file === null ? null : `${readVersion(file, args, pattern)}, ${does}`;
}
