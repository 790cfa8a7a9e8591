// The events that a benchmark's streams are made of: 190 bytes, as a token of an answer takes, with their
// number and when they were due. Written and read here, so that both agree. Pure.

import { prose } from './prose.ts';

/** Bytes of an event, its end included. */
export const EVENT_BYTES = 190;
export const EVENTS_A_SECOND = 20;

const END = '\n\n';
const HEAD = /^data: (\d+) ([\d.]+) [ -~]+$/;
/** What a model says, so that a compressed record is as small as one of text, and no smaller. */
const TEXT = prose(64 * 1024, 1);
/** Where the next event's text is; no divisor of the length, so that events differ. */
const STRIDE = 137;
/** An event that is cut is held until its end; what is longer is none. */
const MAX_HELD = 4 * EVENT_BYTES;

/** `dueMs` of the clock that all processes share. */
export function formatEvent(number: number, dueMs: number): string {
  const head = `data: ${number} ${dueMs.toFixed(3)} `;
  const left = EVENT_BYTES - END.length - head.length;
  const at = (number * STRIDE) % (TEXT.length - EVENT_BYTES);
  return head + TEXT.slice(at, at + left) + END;
}

/** Pieces of a body → its events, wherever it is cut. */
export class EventReader {
  #held = '';
  /** Events so far; the next one has to have this number. */
  count = 0;
  /** What was no event, or one too many or too few. */
  problem: string | null = null;

  push(piece: Buffer, each: (dueMs: number) => void): void {
    const text = this.#held + piece.toString('latin1');
    let at = 0;
    for (let end = text.indexOf(END); end !== -1; end = text.indexOf(END, at)) {
      this.#take(text.slice(at, end), each);
      at = end + END.length;
    }
    this.#held = text.slice(at);
    if (this.#held.length > MAX_HELD) {
      this.problem ??= 'an event without an end';
      this.#held = '';
    }
  }

  #take(event: string, each: (dueMs: number) => void): void {
    const [, number, dueMs] = HEAD.exec(event) ?? [];
    if (Number(number) !== this.count || event.length !== EVENT_BYTES - END.length) {
      this.problem ??= `event ${this.count} is "${event.slice(0, 40)}"`;
    }
    this.count += 1;
    each(Number(dueMs));
  }
}
