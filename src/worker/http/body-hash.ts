// SHA-256 of a body that comes in chunks. Most bodies are one chunk: that one is hashed in one call,
// which costs a quarter of what a hash object does. Small chunks, as a stream of tokens has them, are
// hashed some at a time: a call costs more than their bytes. Knows nothing of what the body is.

import { createHash, type Hash, hash } from 'node:crypto';

/** What Node takes small buffers from. */
const POOL_BYTES = 8192;
/** What waits at most to be hashed with more. */
const SMALL_BYTES = 2048;

export class BodyHash {
  /** The only chunk so far; its bytes do not change. */
  #first: Buffer | null = null;
  #hash: Hash | null = null;
  /** Copies of the last chunks, not hashed yet. */
  #small: Buffer | null = null;
  #smallBytes = 0;

  update(chunk: Buffer): void {
    if (chunk.length === 0) return;
    if (this.#hash !== null) this.#add(this.#hash, chunk);
    else if (this.#first === null && mayBeKept(chunk)) this.#first = chunk;
    else {
      this.#hash = createHash('sha256');
      if (this.#first !== null) this.#hash.update(this.#first);
      this.#hash.update(chunk);
      this.#first = null;
    }
  }

  /** Keeps no chunk any longer: more may come late, or never. */
  letGo(): void {
    if (this.#first === null) return;
    this.#hash = createHash('sha256').update(this.#first);
    this.#first = null;
  }

  /** In hex, of what came so far; '' where nothing did. */
  digest(): string {
    if (this.#hash !== null) {
      this.#flush(this.#hash);
      return this.#hash.copy().digest('hex');
    }
    return this.#first === null ? '' : hash('sha256', this.#first);
  }

  #add(hash: Hash, chunk: Buffer): void {
    const isSmall = chunk.length <= SMALL_BYTES / 2;
    if (!isSmall || this.#smallBytes + chunk.length > SMALL_BYTES) this.#flush(hash);
    if (!isSmall) hash.update(chunk);
    else {
      this.#small ??= Buffer.allocUnsafeSlow(SMALL_BYTES);
      chunk.copy(this.#small, this.#smallBytes);
      this.#smallBytes += chunk.length;
    }
  }

  #flush(hash: Hash): void {
    if (this.#small === null || this.#smallBytes === 0) return;
    hash.update(this.#small.subarray(0, this.#smallBytes));
    this.#smallBytes = 0;
  }
}

/** A small view would keep a large read buffer behind it alive for as long as the body lasts. */
function mayBeKept(chunk: Buffer): boolean {
  return chunk.buffer.byteLength <= Math.max(POOL_BYTES, chunk.length * 2);
}
