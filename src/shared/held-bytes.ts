// Bytes of a body that wait: large chunks as they came, small ones joined, so that a body that comes byte
// by byte costs little more than its bytes. Knows nothing of what they wait for.

import { LIMITS } from './limits.ts';

const NOTHING = Buffer.alloc(0);
/** Chunks from this size on are kept as they are; 64 KiB hold at most 16 of them. */
const OWN_BYTES = 4096;
const MAX_TAIL_BYTES = LIMITS.captureHeldBytes;

export class HeldBytes {
  #chunks: Buffer[] = [];
  #tail: Buffer = NOTHING;
  #tailBytes = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(chunk: Buffer): void {
    // A small view would keep the whole read buffer behind it alive.
    const isSmall = chunk.buffer.byteLength > chunk.length * 2;
    if (isSmall || chunk.length < OWN_BYTES) this.#append(chunk);
    else {
      this.#sealTail();
      this.#chunks.push(chunk);
    }
    this.#length += chunk.length;
  }

  /** All of it, in one piece. */
  join(): Buffer {
    this.#sealTail();
    const [first, ...others] = this.#chunks;
    if (first !== undefined && others.length === 0) return first;
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }

  /** The same, and it is held no longer. */
  take(): Buffer {
    const all = this.join();
    this.#chunks = [];
    this.#length = 0;
    return all;
  }

  #append(chunk: Buffer): void {
    const needed = this.#tailBytes + chunk.length;
    if (needed > this.#tail.length) {
      // A joint buffer that grew on would be copied again and again.
      if (needed > MAX_TAIL_BYTES) this.#sealTail();
      const most = Math.min(MAX_TAIL_BYTES, this.#tail.length * 2);
      const grown = Buffer.allocUnsafe(Math.max(this.#tailBytes + chunk.length, most));
      this.#tail.copy(grown, 0, 0, this.#tailBytes);
      this.#tail = grown;
    }
    chunk.copy(this.#tail, this.#tailBytes);
    this.#tailBytes += chunk.length;
  }

  #sealTail(): void {
    if (this.#tailBytes > 0) this.#chunks.push(this.#tail.subarray(0, this.#tailBytes));
    this.#tail = NOTHING;
    this.#tailBytes = 0;
  }
}
