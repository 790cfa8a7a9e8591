// How much memory processes hold, from /proc (Linux).

import { readFileSync } from 'node:fs';

/** The highest resident size that a process has had, in bytes. */
export function peakMemory(pid: number): number {
  return read(pid, /^VmHWM:\s+(\d+) kB$/m);
}

/** What it has now. */
export function currentMemory(pid: number): number {
  return read(pid, /^VmRSS:\s+(\d+) kB$/m);
}

function read(pid: number, pattern: RegExp): number {
  const line = pattern.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  if (line === null) throw new Error(`Cannot read the memory of process ${pid}`);
  return Number(line[1]) * 1024;
}
