// Tells when something of /api/meta may have changed, so that a page asks for it at once. One look a
// second for all pages, at the status file only; numbers that grow with the traffic are no change.

import type { AgentNetworks } from '../policy/policy-reader.ts';
import { readStatus } from '../status.ts';

type MetaWatchDeps = {
  readonly stateDir: string;
  readonly agents: Pick<AgentNetworks, 'read'>;
  readonly onError: (error: Error) => void;
};

const LOOK_MS = 1000;

export class MetaWatch {
  readonly #deps: MetaWatchDeps;
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | null = null;
  #last: string | null = null;
  #isLooking = false;

  constructor(deps: MetaWatchDeps) {
    this.#deps = deps;
  }

  /** Call what it gives to end it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0 || this.#timer === null) return;
      clearInterval(this.#timer);
      this.#timer = null;
      this.#last = null;
    };
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const { status, alive, problems } = await readStatus(this.#deps.stateDir);
      const { log, records: _counts, ...rest } = status ?? { log: null, records: null };
      const agents = await this.#deps.agents.read();
      const seen = JSON.stringify({ ...rest, log: { ...log, seq: 0 }, alive, problems, agents });
      const changed = this.#last !== null && seen !== this.#last;
      this.#last = seen;
      if (changed) for (const listener of this.#listeners) listener();
    } catch (error) {
      this.#deps.onError(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#isLooking = false;
    }
  }
}
