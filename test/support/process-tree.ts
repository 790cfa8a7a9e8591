// Which processes a program started, from /proc (Linux).

import { readdirSync, readFileSync } from 'node:fs';

export type ProcessInfo = { readonly pid: number; readonly command: string };

/** Direct children of a process, with their command lines. */
export function childrenOf(pid: number): ProcessInfo[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((found) => found !== null && found.parent === pid)
    .map((found) => ({ pid: found?.pid ?? 0, command: found?.command ?? '' }));
}

/** False for a process that has ended, also where nobody has collected its exit code yet. */
export function isAlive(pid: number): boolean {
  const found = readProcess(pid);
  return found !== null && found.state !== 'Z';
}

function readProcess(pid: number) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in brackets may hold spaces and brackets: count from the last one.
    const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
    return { pid, parent: Number(parent), state, command };
  } catch {
    return null;
  }
}
