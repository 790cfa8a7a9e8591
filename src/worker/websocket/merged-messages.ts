// How many messages of one side get a record of their own: the first of each second. Those that come
// faster share records, which say how many they were and all that they said: a flood of tiny messages
// costs as much as its bytes. Knows nothing of frames.
//
// Invariant: of messages that share a record all is kept up to the limit of a copy, but where each ends.

import { HeldBytes } from '../../shared/held-bytes.ts';
import { LIMITS } from '../../shared/limits.ts';
import type { Copied } from './message-record.ts';

export type MergedDeps = {
  now(): number;
  /** Puts so many messages on the record, in one. */
  emit(messages: number, copied: Copied): void;
};

const SECOND_MS = 1000;

export class MergedMessages {
  readonly #deps: MergedDeps;
  /** When the second began in which messages are counted, and how many had a record of their own since. */
  #secondMs = 0;
  #own = 0;
  #messages = 0;
  readonly #wire = new HeldBytes();
  readonly #said = new HeldBytes();
  #isInflated = false;
  #isCompressed = false;

  constructor(deps: MergedDeps) {
    this.#deps = deps;
  }

  /** Whether the message that begins now has a record of its own; counts it. */
  admits(): boolean {
    this.sweep(this.#deps.now());
    if (this.#own >= LIMITS.webSocketRecordsPerSecond) return false;
    this.#own += 1;
    return true;
  }

  /** Takes a message that was not admitted, whole. */
  add({ wire, said, isInflated = false, isCompressed = false }: Copied): void {
    this.#messages += 1;
    this.#wire.add(wire);
    this.#said.add(said);
    this.#isInflated ||= isInflated;
    this.#isCompressed ||= isCompressed;
    const longest = Math.max(this.#wire.length, this.#said.length);
    if (longest >= LIMITS.captureHeldBytes) this.end();
  }

  /** A second later the count begins anew, and what was merged is on the record. */
  sweep(nowMs: number): void {
    // The clock may have been set back.
    if (Math.abs(nowMs - this.#secondMs) < SECOND_MS) return;
    this.end();
    this.#secondMs = nowMs;
    this.#own = 0;
  }

  /** Puts what was merged on the record; call before any record of what came later. */
  end(): void {
    const messages = this.#messages;
    if (messages === 0) return;
    const [isInflated, isCompressed] = [this.#isInflated, this.#isCompressed];
    this.#messages = 0;
    this.#isInflated = false;
    this.#isCompressed = false;
    const [wire, said] = [this.#wire.take(), this.#said.take()];
    this.#deps.emit(messages, { wire, said, isInflated, isCompressed });
  }
}
