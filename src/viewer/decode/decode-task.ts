// What the thread of decoder.ts runs: one body at a time. Has no file and no socket in its hands.

import { Buffer } from 'node:buffer';
import { type Decoded, undoCodings } from './content-coding.ts';

export type DecodeTask = {
  readonly bytes: Uint8Array;
  /** In the order applied. */
  readonly codings: readonly string[];
  /** Of what comes out. */
  readonly maxBytes: number;
};

/** What is behind the codings, or null where it is not that. */
export function decodeBytes({ bytes, codings, maxBytes }: DecodeTask): Promise<Decoded | null> {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return undoCodings(input, codings, { maxBytes, now: () => performance.now() });
}
