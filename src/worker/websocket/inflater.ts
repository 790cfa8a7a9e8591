// Undoes permessage-deflate (RFC 7692) for the copy: the compressed messages of one direction, each
// whole. It never guesses: a message is inflated to exactly what it says, or not at all. One that
// refers to bytes which were not seen here is an error to zlib, so that a message that went by without
// being inflated takes only those with it that build on it.
//
// Invariant: what is held, and the work, are bounded by LIMITS, whatever a message claims or unfolds to.

import { constants, inflateRawSync } from 'node:zlib';
import { HeldBytes } from '../../shared/held-bytes.ts';
import { LIMITS } from '../../shared/limits.ts';
import type { DecoderLoad } from '../http/capture-decoder.ts';

export type InflaterDeps = {
  /** Messages may refer to those before. */
  readonly takeover: boolean;
  /** What is held beyond `captureHeldBytes` is held together with the worker's decoders. */
  readonly load: DecoderLoad;
};

const NOTHING = Buffer.alloc(0);
/** A compressor leaves it out at the end of each message (RFC 7692 7.2.1). */
const TAIL = Buffer.from([0, 0, 0xff, 0xff]);
/** Bytes that deflate can refer back to, and room so that they need not move with each message. */
const WINDOW_BYTES = 32 * 1024;
const HISTORY_BYTES = WINDOW_BYTES + 8 * 1024;
const MIN_CHUNK = 1024;
const MAX_CHUNK = 64 * 1024;

/** What an honest sender's deflate adds to a short message. */
const SLACK_BYTES = 32;

export class Inflater {
  readonly #takeover: boolean;
  readonly #load: DecoderLoad;
  /** The message that is under way, and its share of the load. */
  readonly #held = new HeldBytes();
  #loadBytes = 0;
  /** The end of what was inflated so far: what messages may refer to, and a little more. */
  #history: Buffer = NOTHING;
  #historyEnd = 0;
  /** Bytes that may still be inflated: grows with what comes in. */
  #allowance: number = LIMITS.decodeFreeBytes;

  constructor(deps: InflaterDeps) {
    this.#takeover = deps.takeover;
    this.#load = deps.load;
  }

  /** Takes the next bytes of a message; false: it is too long to be held with them. */
  hold(bytes: Buffer): boolean {
    const length = this.#held.length + bytes.length;
    const share = Math.max(0, length - LIMITS.captureHeldBytes) - this.#loadBytes;
    const isFull = share > 0 && this.#load.waitingBytes + share > LIMITS.decodeWaitingTotalBytes;
    if (length > LIMITS.decodeWaitingBytes || isFull) return false;
    this.#loadBytes += share;
    this.#load.waitingBytes += share;
    this.#held.add(bytes);
    return true;
  }

  /** What is held of the message, as it was on the wire; nothing is held afterwards. */
  release(): Buffer {
    this.#load.waitingBytes -= this.#loadBytes;
    this.#loadBytes = 0;
    return this.#held.take();
  }

  /** A message that was not held to its end: later ones may refer to it, and to none before. */
  forget(): void {
    this.#historyEnd = 0;
  }

  /** A whole message → what it says, or null. Never throws. */
  inflate(wire: Buffer): Buffer | null {
    const plain = this.#inflate(wire);
    if (plain === null) this.forget();
    else if (this.#takeover) this.#remember(plain);
    return plain;
  }

  #inflate(wire: Buffer): Buffer | null {
    this.#allowance += wire.length * LIMITS.decodeRatio;
    const most = Math.min(LIMITS.inflatedBytes, this.#allowance);
    const start = Math.max(0, this.#historyEnd - WINDOW_BYTES);
    const window = this.#history.subarray(start, this.#historyEnd);
    try {
      const { buffer, engine } = inflateRawSync(Buffer.concat([wire, TAIL]), {
        // Messages have no end that zlib would know.
        finishFlush: constants.Z_SYNC_FLUSH,
        maxOutputLength: Math.max(1, most),
        chunkSize: Math.min(MAX_CHUNK, Math.max(MIN_CHUNK, wire.length * 4)),
        ...(window.length > 0 ? { dictionary: window } : {}),
        info: true,
        // With `info` it gives both; its types do not say so.
      }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
      this.#allowance -= buffer.length;
      // Behind a block that calls itself the last, one byte may follow (RFC 7692 7.2.3.4). More would
      // be read by some programs and not by others.
      if (engine.bytesWritten < wire.length - 1) return null;
      // Empty blocks and their padding have room for what is no content: then the wire's bytes count.
      return buffer.length + buffer.length / 64 + SLACK_BYTES < wire.length ? null : buffer;
    } catch {
      // Too long, damaged, or it refers to what was not seen. The work was done all the same.
      this.#allowance -= most;
      return null;
    }
  }

  #remember(plain: Buffer): void {
    if (this.#history.length === 0) this.#history = Buffer.allocUnsafe(HISTORY_BYTES);
    const added = plain.subarray(Math.max(0, plain.length - WINDOW_BYTES));
    if (this.#historyEnd + added.length > HISTORY_BYTES) {
      const kept = Math.min(this.#historyEnd, WINDOW_BYTES - added.length);
      this.#history.copyWithin(0, this.#historyEnd - kept, this.#historyEnd);
      this.#historyEnd = kept;
    }
    added.copy(this.#history, this.#historyEnd);
    this.#historyEnd += added.length;
  }
}
