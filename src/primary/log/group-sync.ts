// Writes to the disk what is in the file, for many records at once: whoever waits is told when a
// sync that began after their record was written has ended. One at a time; the next one takes all that
// came meanwhile (group commit). Knows no record and no segment.

export type GroupSyncDeps = {
  /** Resolves when all that is written now is on the disk, with the segments that are finished. */
  sync(): Promise<number[]>;
  onSealed(segments: readonly number[]): void;
  onFailed(error: Error): void;
};

/** In `accepted`, so much of what is in the file may not yet be on the disk, in milliseconds. */
const SYNC_MS = 1000;

export class GroupSync {
  readonly #deps: GroupSyncDeps;
  #waiting: (() => void)[] = [];
  #running: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** Something was written since the sync under way began: it needs one more. */
  #isBehind = false;
  #isClosed = false;

  constructor(deps: GroupSyncDeps) {
    this.#deps = deps;
  }

  /** Something was written: within a second it is on the disk. */
  soon(): void {
    this.#timer ??= setTimeout(() => this.#start(), SYNC_MS);
  }

  /** Something was written: `tell` when it is on the disk. */
  now(tell: () => void): void {
    this.#waiting.push(tell);
    // Those of the same batch come in the same turn.
    if (this.#waiting.length === 1) process.nextTick(() => this.#start());
  }

  /** Resolves when all who wait were told, or a sync has failed; none begins later. */
  async close(): Promise<void> {
    if (this.#waiting.length > 0) this.#start();
    while (this.#running !== null) await this.#running;
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #start(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#isClosed) return;
    if (this.#running !== null) {
      this.#isBehind = true;
      return;
    }
    this.#isBehind = false;
    const told = this.#waiting;
    this.#waiting = [];
    this.#running = this.#deps.sync().then(
      (sealed) => {
        this.#running = null;
        for (const tell of told) tell();
        if (sealed.length > 0) this.#deps.onSealed(sealed);
        if (this.#isBehind || this.#waiting.length > 0) this.#start();
      },
      // After a failed sync the kernel may have dropped the pages and report success the next time
      // (what PostgreSQL learnt in 2018): only a new start, which reads the disk, tells the truth.
      (error: Error) => {
        this.#isClosed = true;
        this.#running = null;
        this.#deps.onFailed(error);
      },
    );
  }
}
