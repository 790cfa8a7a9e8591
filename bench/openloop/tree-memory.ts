// How much memory a process and all below it take, pages that they share counted once.

import { readFileSync } from 'node:fs';
import { childrenOf } from '../../test/support/process-tree.ts';

/** The proportional set size of the tree, in bytes (proc(5), smaps_rollup). */
export function treeMemory(pid: number): number {
  const below = childrenOf(pid).reduce((sum, child) => sum + treeMemory(child.pid), 0);
  return below + ownMemory(pid);
}

function ownMemory(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
    return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
  } catch {
    // It has ended since its parent was asked.
    return 0;
  }
}
