// A test of a client that is not on the machine fails, and says what to install.

import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Program (a name on the PATH, or a path) → its Debian package, as in setup.sh. */
export function needPrograms(programs: Readonly<Record<string, string>>): void {
  for (const [program, pack] of Object.entries(programs)) {
    if (hasProgram(program)) continue;
    throw new Error(
      `${program} is missing: ./setup.sh test installs the Debian package "${pack}" as root`,
    );
  }
}

export function hasProgram(program: string): boolean {
  if (program.startsWith('/')) return existsSync(program);
  const folders = (process.env.PATH ?? '').split(':');
  return folders.some((folder) => existsSync(join(folder, program)));
}

/** Debian's: the first python3 of the PATH may be one that somebody built. */
export const SYSTEM_PYTHON = '/usr/bin/python3';
