// Finished segments, one after the other, into compressed ones. Knows when and which, not how.
// What could not be compressed (no space, a thread that died) stays plain, and is tried again.

import { join } from 'node:path';
import type { SegmentPool } from './segment-pool.ts';

export type SealerDeps = {
  readonly dir: string;
  readonly pool: Pick<SegmentPool, 'compress'>;
  onSealed(): void;
  /** It was changed since it was written: it stays as it is. */
  onDamaged(file: string): void;
  onProblem(problem: string): void;
};

export class Sealer {
  readonly #deps: SealerDeps;
  readonly #files = new Set<string>();
  #running: Promise<void> | null = null;
  #isClosed = false;

  constructor(deps: SealerDeps) {
    this.#deps = deps;
  }

  /** These are finished and on the disk; what is left of earlier ones is tried again, too. */
  add(files: readonly string[]): void {
    for (const file of files) this.#files.add(file);
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
  }

  /** Nothing is begun any more; what is being done ends with its thread, and is done again later. */
  close(): void {
    this.#isClosed = true;
  }

  async #run(): Promise<void> {
    // What is added meanwhile is come to, too; what failed is not tried again before the next time.
    for (const file of this.#files) {
      if (this.#isClosed) return;
      try {
        const result = await this.#deps.pool.compress(join(this.#deps.dir, file));
        this.#files.delete(file);
        if (result === 'damaged') this.#deps.onDamaged(file);
        else this.#deps.onSealed();
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : '';
        // Deleted meanwhile, or its folder was.
        if (code === 'ENOENT') this.#files.delete(file);
        else this.#deps.onProblem(error instanceof Error ? error.message : String(error));
      }
    }
  }
}
