// Chunks of a pipe, however they are cut → frames. Pure: no socket in here.

import { decodeFrame, type Frame, LENGTH_BYTES } from './ipc.ts';

/**
 * Chunks of a pipe → frames. Holds at most one frame that is not yet whole, in memory that is not a chunk's.
 * A frame's buffers are views, mostly of the chunk: copy what must outlive the callback's turn by long.
 */
export class FrameDecoder {
  readonly #maxFrame: number;
  readonly #head = Buffer.alloc(LENGTH_BYTES);
  #headFilled = 0;
  /** A frame of which the first bytes were in an earlier chunk. */
  #part: Buffer | null = null;
  #partFilled = 0;

  constructor(maxFrame: number) {
    this.#maxFrame = maxFrame;
  }

  /** Throws `RangeError` or `SyntaxError` on the first frame that breaks the codec. */
  push(chunk: Buffer, onFrame: (frame: Frame) => void): void {
    for (let at = 0; at < chunk.length; ) {
      const part = this.#part;
      at = part === null ? this.#begin(chunk, at, onFrame) : this.#goOn(part, chunk, at, onFrame);
    }
  }

  /** Both: the index in the chunk behind what they took. */
  #begin(chunk: Buffer, at: number, onFrame: (frame: Frame) => void): number {
    const start = Math.min(chunk.length, at + LENGTH_BYTES - this.#headFilled);
    this.#headFilled += chunk.copy(this.#head, this.#headFilled, at, start);
    if (this.#headFilled < LENGTH_BYTES) return start;
    this.#headFilled = 0;
    const length = this.#head.readUInt32BE();
    if (length < 1 || length > this.#maxFrame) {
      throw new RangeError(`Cannot read frame: its length ${length} is not 1-${this.#maxFrame}`);
    }
    const end = start + length;
    if (end <= chunk.length) {
      onFrame(decodeFrame(chunk.subarray(start, end)));
      return end;
    }
    this.#part = Buffer.allocUnsafe(length);
    this.#partFilled = 0;
    return start;
  }

  #goOn(part: Buffer, chunk: Buffer, at: number, onFrame: (frame: Frame) => void): number {
    const taken = chunk.copy(part, this.#partFilled, at);
    this.#partFilled += taken;
    if (this.#partFilled === part.length) {
      this.#part = null;
      onFrame(decodeFrame(part));
    }
    return at + taken;
  }
}
