// How much memory a process and all below it take, pages that they share counted once.

import { readFileSync } from 'node:fs';
import { processTree } from './processes.ts';

/** The proportional set size of the tree, in bytes (proc(5), smaps_rollup). */
export function treeMemory(pid: number): number {
  return processTree(pid).reduce((sum, one) => sum + proportionalBytes(one), 0);
}

function proportionalBytes(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
    return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
  } catch {
    // It has ended since its parent was asked.
    return 0;
  }
}
