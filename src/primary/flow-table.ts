// The flows that one worker has open, so that each gets its last record when the worker dies, and
// each segment can say what was still running when it began. Pure: no clock, no pipe, no file.
//
// Invariant: every accepted tunnel and exchange ends in exactly one terminal line, also when its worker dies.

import { type FlowEvent, OPENING_EVENTS, TERMINAL_EVENTS } from '../shared/audit-event.ts';

export type OpenFlow = {
  readonly event: FlowEvent;
  /** JSON members that identify the flow (client, host, method, ...), already checked. */
  readonly key: string;
};

/** Refusals and failures that end a flow which was never opened: one record is all there is. */
const SINGLE_EVENTS: ReadonlySet<FlowEvent> = new Set(['blocked', 'error']);

/** Numbers behind the highest one that are remembered; a flow's first record comes with its number. */
const WINDOW = 262_144;

export class FlowTable {
  readonly #open = new Map<number, OpenFlow>();
  readonly #maxOpen: number;
  /** By number modulo `WINDOW`, 1: it has begun, so that it can neither begin nor end again. */
  readonly #begun = new Uint8Array(WINDOW);
  #highest = 0;

  constructor(maxOpen: number) {
    this.#maxOpen = maxOpen;
  }

  /** Notes a new flow; the problem when the worker may not open it. */
  open(flow: number, opened: OpenFlow): string | null {
    if (!OPENING_EVENTS.has(opened.event)) return `"${opened.event}" does not open a flow`;
    if (this.#open.size >= this.#maxOpen) return `more than ${this.#maxOpen} flows are open`;
    if (!this.#begin(flow)) return `flow ${flow} has begun already`;
    this.#open.set(flow, opened);
    return null;
  }

  get size(): number {
    return this.#open.size;
  }

  get(flow: number): OpenFlow | undefined {
    return this.#open.get(flow);
  }

  /** Notes a later record of a flow; the problem when it cannot follow what went before. */
  record(flow: number, event: FlowEvent): string | null {
    if (OPENING_EVENTS.has(event)) return `"${event}" came as a later record`;
    const known = this.#open.has(flow);
    if (!known && !SINGLE_EVENTS.has(event)) return `"${event}" of flow ${flow}, which is not open`;
    if (!known && !this.#begin(flow)) return `flow ${flow} has ended already`;
    if (TERMINAL_EVENTS.has(event)) this.#open.delete(flow);
    return null;
  }

  /** A flow that was opened has not begun: its record was not written. It may end as one that is refused. */
  withdraw(flow: number): void {
    if (this.#open.delete(flow)) this.#begun[flow % WINDOW] = 0;
  }

  /** Marks a number as used; false where it was, or is too old to tell. */
  #begin(flow: number): boolean {
    if (flow <= this.#highest - WINDOW) return false;
    if (flow > this.#highest) {
      const skipped = flow - this.#highest;
      if (skipped >= WINDOW) this.#begun.fill(0);
      else for (let n = 1; n <= skipped; n += 1) this.#begun[(this.#highest + n) % WINDOW] = 0;
      this.#highest = flow;
    }
    if (this.#begun[flow % WINDOW] === 1) return false;
    this.#begun[flow % WINDOW] = 1;
    return true;
  }

  /** Takes the open flows out, one at a time: their worker is gone. */
  *abandon(): Generator<[flow: number, opened: OpenFlow]> {
    for (const entry of this.#open) {
      this.#open.delete(entry[0]);
      yield entry;
    }
  }

  *[Symbol.iterator](): Iterator<[flow: number, opened: OpenFlow]> {
    yield* this.#open;
  }
}
