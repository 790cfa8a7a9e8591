// Lines that somebody kept outside of the log, as numbers and hashes in memory that threads share:
// so each look at a segment can tell whether they still stand there. Pure.

import { hash } from 'node:crypto';

const HASH_BYTES = 32;

export type KnownLines = {
  /** Ascending; a number may stand here more than once. */
  readonly seqs: Float64Array;
  /** SHA-256 of the lines, 32 bytes each. */
  readonly hashes: Uint8Array;
};

export const NOTHING_KNOWN: KnownLines = {
  seqs: new Float64Array(0),
  hashes: new Uint8Array(0),
};

/** Lines in ascending order → what each thread gets without a copy. */
export function shareLines(
  lines: readonly { readonly seq: number; readonly bytes: Buffer }[],
): KnownLines {
  const seqs = new Float64Array(new SharedArrayBuffer(lines.length * 8));
  const hashes = new Uint8Array(new SharedArrayBuffer(lines.length * HASH_BYTES));
  lines.forEach(({ seq, bytes }, index) => {
    seqs[index] = seq;
    hashes.set(hash('sha256', bytes, 'buffer'), index * HASH_BYTES);
  });
  return { seqs, hashes };
}

/** Index of the first line whose number is not below this one. */
export function firstFrom({ seqs }: KnownLines, seq: number): number {
  let low = 0;
  let high = seqs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((seqs[middle] ?? 0) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function isKnownLine(known: KnownLines, index: number, bytes: Buffer): boolean {
  const at = index * HASH_BYTES;
  return hash('sha256', bytes, 'buffer').equals(known.hashes.subarray(at, at + HASH_BYTES));
}
