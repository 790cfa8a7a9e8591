// The index of the newest segment: in memory, and grown in short slices while the segment grows.

import type { LogFolder } from '../store/log-folder.ts';
import { readForward } from '../store/segment-forward.ts';
import type { Turns } from '../store/turns.ts';
import { IndexBuilder } from './index-builder.ts';
import type { SegmentIndex } from './segment-index.ts';

/** An entry takes some 300 bytes at most. Behind them lines are read; a finished segment has a file. */
const MAX_ENTRIES = 500_000;

export class LiveIndex {
  readonly segment: number;
  readonly #log: LogFolder;
  readonly #turns: Turns;
  readonly #maxEntries: number;
  #builder: IndexBuilder;
  #snapshot: SegmentIndex | null = null;
  #growing: Promise<void> | null = null;
  #hasRead = false;
  #isStopped = false;

  constructor(log: LogFolder, segment: number, turns: Turns, maxEntries = MAX_ENTRIES) {
    this.#log = log;
    this.#turns = turns;
    this.#maxEntries = maxEntries;
    this.segment = segment;
    this.#builder = new IndexBuilder(segment);
  }

  /** What is known so far; null where nothing is yet. Lines behind its end are not in it. */
  get index(): SegmentIndex | null {
    if (!this.#hasRead) return null;
    if (this.#snapshot?.end !== this.#builder.end) this.#snapshot = this.#builder.snapshot();
    return this.#snapshot;
  }

  /** It takes no more: what comes later is in no index. */
  get isFull(): boolean {
    return this.#builder.entries >= this.#maxEntries;
  }

  /** Reads what the segment has got since; resolves when it is at the end of now. */
  catchUp(): Promise<void> {
    this.#growing ??= this.#grow().finally(() => {
      this.#growing = null;
    });
    return this.#growing;
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #grow(): Promise<void> {
    const source = await this.#log.open(this.segment);
    if (source === null) return;
    try {
      // A file that got shorter is another one.
      if (source.size < this.#builder.end) this.#builder = new IndexBuilder(this.segment);
      if (this.isFull) return;
      const from = { from: this.#builder.end, isLineStart: true };
      for await (const batch of readForward(source, this.segment, from)) {
        if (this.#isStopped) return;
        // Half a line at the end is read again; damage stays, and is said.
        this.#builder.add(batch.lines, batch.next, batch.isDamaged);
        this.#hasRead = true;
        if (this.isFull) return;
        await this.#turns.pass();
      }
      this.#hasRead = true;
    } finally {
      await source.close();
    }
  }
}
