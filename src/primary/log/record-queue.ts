// Records that wait to be written: in order, and bounded. Knows what waits, not how it is written.
//
// Invariant: closing and captured records leave the queue only by being written, in order; an opening one may be withdrawn, with word to whoever waits.

import { MAX_RECORD_BYTES } from '../../shared/audit-event.ts';
import { type Entry, lineBound } from './segment-writer.ts';

export type Waiting = Entry & {
  /** It is in the file (`durable`: on the disk). */
  readonly onWritten: (() => void) | undefined;
  /** It will not be written; absent: it has to be. */
  readonly onWithdrawn: (() => void) | undefined;
};

/** Outcomes that wait for a log which cannot be written: 256 of the longest records. */
export const MAX_WAITING_BYTES = 256 * MAX_RECORD_BYTES;

export class RecordQueue {
  #entries: Waiting[] = [];
  #bytes = 0;
  readonly #paused: (() => void)[] = [];

  get entries(): readonly Waiting[] {
    return this.#entries;
  }
  get length(): number {
    return this.#entries.length;
  }
  get bytes(): number {
    return this.#bytes;
  }

  /** False: more waits than memory may hold, and this one is not taken. */
  push(entry: Waiting): boolean {
    const bytes = this.#bytes + lineBound(entry.members);
    if (bytes > MAX_WAITING_BYTES) return false;
    this.#bytes = bytes;
    this.#entries.push(entry);
    return true;
  }

  /** Takes the first `count` out: they were written. */
  take(count: number): readonly Waiting[] {
    const isAll = this.#entries.length === count;
    const taken = isAll ? this.#entries : this.#entries.slice(0, count);
    this.#keep(isAll ? [] : this.#entries.slice(count), taken);
    return taken;
  }

  /** Takes out all that may be withdrawn and tells who waits for them. */
  withdraw(): void {
    const withdrawn = this.#entries.filter(({ onWithdrawn }) => onWithdrawn !== undefined);
    const kept = this.#entries.filter(({ onWithdrawn }) => onWithdrawn === undefined);
    this.#keep(kept, withdrawn);
    for (const { onWithdrawn } of withdrawn) onWithdrawn?.();
  }

  /** So much waits that no more should be read: `resume` is called, once, when it does not. */
  pauseFor(resume: () => void): boolean {
    if (this.#bytes < MAX_WAITING_BYTES / 2) return false;
    this.#paused.push(resume);
    return true;
  }

  #keep(kept: Waiting[], gone: readonly Waiting[]): void {
    this.#entries = kept;
    for (const { members } of gone) this.#bytes -= lineBound(members);
    if (this.#bytes >= MAX_WAITING_BYTES / 4) return;
    for (const resume of this.#paused.splice(0)) resume();
  }
}
