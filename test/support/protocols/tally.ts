// Bodies that both ends can tell apart by length and hash: made in one place, counted in another.

import { createHash, type Hash } from 'node:crypto';
import type { Writable } from 'node:stream';
import { deterministicBytes } from '../origin-routes.ts';

/** What went past, by length and hash. */
export class Tally {
  bytes = 0;
  readonly #hash: Hash = createHash('sha256');

  push(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.#hash.update(chunk);
  }

  /** Of what went past so far, in hex; a record leaves it out where that is nothing. */
  get sha256(): string {
    return this.#hash.copy().digest('hex');
  }
}

/** So many bytes, each block with its number in front: one that is missing or out of turn changes the hash. */
export function* numberedBytes(length: number): Generator<Buffer> {
  let number = 0;
  for (const block of deterministicBytes(length)) {
    const chunk = Buffer.from(block);
    if (chunk.length >= 4) chunk.writeUInt32BE(number, 0);
    number += 1;
    yield chunk;
  }
}

/** What `numberedBytes` of this length must have come to. */
export function tallyOf(length: number): Tally {
  const tally = new Tally();
  for (const chunk of numberedBytes(length)) tally.push(chunk);
  return tally;
}

/** Writes them as the sink takes them, and does not end it; resolves early where the sink is gone. */
export async function writeNumbered(sink: Writable, length: number, tally: Tally): Promise<void> {
  for (const chunk of numberedBytes(length)) {
    if (sink.destroyed) return;
    tally.push(chunk);
    if (!sink.write(chunk)) await drained(sink);
  }
}

function drained(sink: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      sink.off('drain', done);
      sink.off('close', done);
      resolve();
    };
    sink.on('drain', done);
    sink.on('close', done);
    // It may have ended with the write.
    if (sink.destroyed) done();
  });
}
