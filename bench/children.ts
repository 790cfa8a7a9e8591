// Nothing outlives a benchmark, also where it is interrupted or fails.

import { childrenOf } from '../test/support/process-tree.ts';

/** From now on, when this process ends, whatever it started is told to end, each by its pid. */
export function endChildrenAtExit(): void {
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
