// Moves one body from a readable to a writable with back-pressure, past a tap. The tap sees each
// chunk after it was handed on, so that the copy is never in the way of the byte.

import type { Readable, Writable } from 'node:stream';

export type BodyTap = { push(chunk: Buffer): void };

/** Starts the relay; the sink is ended with the source. Errors are the caller's to watch. */
export function relayBody(source: Readable, sink: Writable, tap: BodyTap): void {
  const resume = () => source.resume();
  source.on('data', (chunk: Buffer) => {
    if (!sink.write(chunk)) {
      source.pause();
      sink.once('drain', resume);
    }
    tap.push(chunk);
  });
  source.once('end', () => sink.end());
}
