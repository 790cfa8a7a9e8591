// Which flows of a log are still running: those that a record opened and none ended. Each segment is read
// on its own, so it gives what it left open and what it ended of others, and both are put together. Pure.

import { endsFlow, opensFlow } from '../../shared/audit-event.ts';
import { hashId } from '../index/segment-index.ts';

export type OpensFound = {
  readonly segment: number;
  /** Hashes of flows that are open at its end, and where the lines that opened them begin. */
  readonly opens: Float64Array;
  readonly offsets: Float64Array;
  /** Hashes of flows that ended here, and were not opened here. */
  readonly ended: Float64Array;
};

/** Where a line begins. */
export type LinePlace = { readonly segment: number; readonly offset: number };

/** What a thread may find of either, in all its segments: 40 MB. Full: what is running nobody can tell. */
const MAX_OPENS = 500_000;
const MAX_ENDED = 4_000_000;

/** Of one segment after the other. */
export class OpenFlows {
  readonly #open = new Map<string, number>();
  #ended: number[] = [];
  #openRoom = MAX_OPENS;
  #endedRoom = MAX_ENDED;
  #isFull = false;

  /** There was no room for all of them. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Takes note of a line that has a stamp. True: it opens a flow, and there is no more to it now. */
  note(offset: number, { event, id }: { readonly event: string; readonly id: string }): boolean {
    if (opensFlow(event)) {
      if (this.#open.size >= this.#openRoom) this.#isFull = true;
      else this.#open.set(id, offset);
      return true;
    }
    if (!endsFlow(event) || this.#open.delete(id)) return false;
    if (this.#ended.length >= this.#endedRoom) this.#isFull = true;
    else this.#ended.push(hashId(id));
    return false;
  }

  /** What the segment leaves; the next one begins anew. */
  take(segment: number): OpensFound {
    const opens = Float64Array.from(this.#open.keys(), hashId);
    const offsets = Float64Array.from(this.#open.values());
    const ended = Float64Array.from(this.#ended);
    this.#openRoom -= opens.length;
    this.#endedRoom -= ended.length;
    this.#open.clear();
    this.#ended = [];
    return { segment, opens, offsets, ended };
  }
}

/** Lines that opened what is still running at the end of all segments. */
export function stillRunning(found: readonly OpensFound[]): LinePlace[] {
  const running = new Map<number, LinePlace>();
  for (const { segment, opens, offsets } of found) {
    for (const [at, hash] of opens.entries()) {
      running.set(hash, { segment, offset: offsets[at] ?? 0 });
    }
  }
  for (const { segment, ended } of found) {
    for (const hash of ended) {
      const open = running.get(hash);
      if (open !== undefined && open.segment < segment) running.delete(hash);
    }
  }
  return [...running.values()].sort((a, b) => a.segment - b.segment || a.offset - b.offset);
}
