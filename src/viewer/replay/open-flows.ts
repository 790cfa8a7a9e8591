// Which flows of a log are still running: those that a record opened and none ended. Each segment is read
// on its own, so it gives what it left open and what it ended of others, and both are put together. Pure.

import { endsFlow, opensFlow } from '../../shared/audit-event.ts';
import { hashId } from '../index/segment-index.ts';

export type OpensFound = {
  readonly segment: number;
  /** The lines that opened what is open at its end. */
  readonly opens: readonly { readonly id: string; readonly line: string }[];
  /** Hashes of flows that ended here, and were not opened here. */
  readonly ended: Float64Array;
  /** There was no room for all of them: of flows that older segments left open nobody can tell. */
  readonly isFull: boolean;
};

/** Of lines that are kept until their flow ends: a thousand of the longest, far more of the usual. */
const MAX_HELD_CHARS = 32 * 1024 * 1024;
/** A segment of the usual size has a third of it in lines. */
const MAX_ENDED = 1_000_000;

/** One segment's. */
export class OpenFlows {
  /** Opened in the piece of the segment that is read now: views, as most flows end within it. */
  readonly #fresh = new Map<string, Buffer>();
  readonly #open = new Map<string, string>();
  readonly #ended: number[] = [];
  #held = 0;
  #isFull = false;

  /** Takes note of a line that has a stamp. True: it opens a flow, and there is no more to it now. */
  note(line: Buffer, { event, id }: { readonly event: string; readonly id: string }): boolean {
    if (opensFlow(event)) {
      this.#fresh.set(id, line);
      return true;
    }
    if (!endsFlow(event) || this.#fresh.delete(id)) return false;
    const opened = this.#open.get(id);
    if (opened !== undefined) {
      this.#held -= opened.length;
      this.#open.delete(id);
    } else if (this.#ended.length < MAX_ENDED) this.#ended.push(hashId(id));
    else this.#isFull = true;
    return false;
  }

  /** The lines that it was given will be other bytes soon: what is needed of them is copied. */
  keep(): void {
    for (const [id, line] of this.#fresh) {
      if (this.#held + line.length > MAX_HELD_CHARS) this.#isFull = true;
      else {
        this.#open.set(id, line.toString('latin1'));
        this.#held += line.length;
      }
    }
    this.#fresh.clear();
  }

  result(segment: number): OpensFound {
    return {
      segment,
      opens: [...this.#open].map(([id, line]) => ({ id, line })),
      ended: Float64Array.from(this.#ended),
      isFull: this.#isFull,
    };
  }
}

/** Lines of what is still running at the end of all segments; null: nobody can tell. */
export function stillRunning(found: readonly OpensFound[]): string[] | null {
  if (found.some(({ isFull }) => isFull)) return null;
  const running = new Map<number, { readonly segment: number; readonly line: string }>();
  for (const { segment, opens } of found) {
    for (const { id, line } of opens) running.set(hashId(id), { segment, line });
  }
  for (const { segment, ended } of found) {
    for (const hash of ended) {
      const open = running.get(hash);
      if (open !== undefined && open.segment < segment) running.delete(hash);
    }
  }
  return [...running.values()].map(({ line }) => line);
}
