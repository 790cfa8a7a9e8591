// Gives each of many streams an event every 50 ms. The streams take turns within those, so that they are
// no herd that comes at once.

import { nowMs } from './clock.ts';
import { Distribution } from './distribution.ts';
import { EVENTS_A_SECOND, formatEvent } from './event-stream.ts';

const SLOTS = 1000 / EVENTS_A_SECOND;
const END_PAUSE_MS = 20;
/** A client that reads nothing is cut off here. */
const MAX_UNSENT = 1024 * 1024;

/** Where events go, as node:http has it. */
export type EventSink = {
  readonly writableLength: number;
  write(text: string): boolean;
  end(): unknown;
  destroy(): unknown;
};

type Stream = { readonly sink: EventSink; left: number; number: number };

export class StreamTicker {
  readonly #slots: Set<Stream>[] = Array.from({ length: SLOTS }, () => new Set());
  #tick = Math.floor(nowMs());
  #timer: NodeJS.Timeout | null = null;
  #streams = 0;
  #next = 0;
  /** Events that were sent, all streams together. */
  events = 0;
  /** How late they were. */
  lateness = new Distribution();

  /** Until it has had `count` events, or until it is removed by what this gives. */
  add(sink: EventSink, count: number): () => void {
    const stream = { sink, left: count, number: 0 };
    const slot = this.#slots[this.#next % SLOTS];
    this.#next += 1;
    slot?.add(stream);
    this.#streams += 1;
    this.#timer ??= this.#start();
    return () => {
      if (slot?.delete(stream)) this.#streams -= 1;
    };
  }

  /** Ends all streams as their answers end, one slot after the other: agents do not end as one either. */
  async endAll(): Promise<void> {
    for (const slot of this.#slots) {
      for (const { sink } of slot) sink.end();
      this.#streams -= slot.size;
      slot.clear();
      await new Promise((resolve) => setTimeout(resolve, END_PAUSE_MS));
    }
  }

  #start(): NodeJS.Timeout {
    this.#tick = Math.floor(nowMs());
    return setInterval(() => this.#catchUp(), 1);
  }

  /** Each millisecond has its slot; one that was missed is made up for, and is as late as it is. */
  #catchUp(): void {
    for (const now = nowMs(); this.#tick <= now; this.#tick += 1) {
      for (const stream of this.#slots[this.#tick % SLOTS] ?? []) this.#send(stream, this.#tick);
    }
    if (this.#streams > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #send(stream: Stream, dueMs: number): void {
    const { sink } = stream;
    this.lateness.add(nowMs() - dueMs);
    if (sink.writableLength > MAX_UNSENT) return void sink.destroy();
    sink.write(formatEvent(stream.number, dueMs));
    stream.number += 1;
    stream.left -= 1;
    this.events += 1;
    if (stream.left > 0) return;
    this.#slots[dueMs % SLOTS]?.delete(stream);
    this.#streams -= 1;
    sink.end();
  }
}
