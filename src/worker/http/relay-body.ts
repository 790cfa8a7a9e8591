// Moves one body from a readable to a writable with back-pressure, past a tap. The tap sees each
// chunk after it was handed on, so that the copy is never in the way of the byte.
//
// A body that comes in tiny chunks would cost a write, and an object in each buffer on the way, for
// each of them: those of one read are joined, and leave before the event loop turns.

import type { Readable, Writable } from 'node:stream';

export type BodyTap = { push(chunk: Buffer): void };

/** Chunks from this size on are worth a write of their own. */
const TINY_BYTES = 1024;

export type BodyEvents = {
  /** The source has ended and all of it is handed on; by default that ends the sink. */
  readonly onEnd?: () => void;
  /** The sink has taken what one push of the tap was, in the same order. */
  readonly onTaken?: () => void;
};

/** Starts the relay. Errors are the caller's to watch. */
export function relayBody(
  source: Readable,
  sink: Writable,
  tap: BodyTap,
  { onEnd = () => sink.end(), onTaken }: BodyEvents = {},
): void {
  let tiny: Buffer[] = [];
  const resume = () => source.resume();
  const pass = (chunk: Buffer) => {
    if (!sink.write(chunk, onTaken)) {
      source.pause();
      sink.once('drain', resume);
    }
    tap.push(chunk);
  };
  const flush = () => {
    const [first, ...others] = tiny;
    if (first === undefined) return;
    const joined = others.length === 0 ? first : Buffer.concat(tiny);
    tiny = [];
    if (!sink.destroyed) pass(joined);
  };
  source.on('data', (chunk: Buffer) => {
    if (chunk.length >= TINY_BYTES) {
      flush();
      pass(chunk);
    } else if (tiny.push(chunk) === 1) process.nextTick(flush);
  });
  source.once('end', () => {
    flush();
    onEnd();
  });
}
