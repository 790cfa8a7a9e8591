// Nothing outlives a benchmark, also where it is interrupted or fails.

import { childrenOf } from '../test/support/process-tree.ts';

let isPromised = false;

/** From now on, when this process ends, whatever it started is told to end, each by its pid. */
export function endChildrenAtExit(): void {
  if (isPromised) return;
  isPromised = true;
  process.once('exit', () => {
    for (const { pid } of childrenOf(process.pid)) {
      try {
        process.kill(pid, 'SIGTERM');
      } catch {
        // It has ended since.
      }
    }
  });
}
