// Reads the lines of one segment, oldest first: for whoever makes an index of it, or goes on towards
// the end of the log. Gives the same lines as the reader that goes backwards, also around damage.
//
// Invariant: read forwards and backwards, a segment has the same lines, whatever is damaged in it.

import { BLOCK_BYTES, type LogLine, MAX_LINE_BYTES } from './segment-reader.ts';
import type { SegmentSource } from './segment-source.ts';

/** What one step of reading gives. */
type ForwardBatch = {
  /** Oldest first. */
  readonly lines: readonly LogLine[];
  /** Something in this stretch could not be read. */
  readonly isDamaged: boolean;
  /** Behind the last line of this batch: read on from here. */
  readonly next: number;
  /** So far it was read: half a line may stand before it. */
  readonly end: number;
};

const NEWLINE = 0x0a;

/**
 * Lines from a place on, up to the end that the segment had when it was opened. `isLineStart` false:
 * the line at that place is left out, whether the place is its beginning or not.
 */
export async function* readForward(
  source: SegmentSource,
  segment: number,
  { from, isLineStart }: { readonly from: number; readonly isLineStart: boolean },
): AsyncGenerator<ForwardBatch> {
  let carry: Buffer[] = [];
  let start = from;
  // Before the first newline it is not known where a line begins.
  let isLost = !isLineStart;
  let isTooLong = false;
  for (let at = from; at < source.size; ) {
    const end = Math.min(source.size, (Math.floor(at / BLOCK_BYTES) + 1) * BLOCK_BYTES);
    const block = await source.read(at, end - at);
    const bytes = block ?? Buffer.alloc(0);
    const lines: LogLine[] = [];
    let cut = 0;
    for (;;) {
      const newline = bytes.indexOf(NEWLINE, cut);
      if (newline < 0) break;
      const lineEnd = at + newline + 1;
      if (!isLost) {
        const isRecord = !isTooLong && lineEnd - start <= MAX_LINE_BYTES;
        const line = isRecord ? join(carry, bytes.subarray(cut, newline)) : null;
        lines.push({ segment, start, end: lineEnd, bytes: line });
      }
      carry = [];
      start = lineEnd;
      isLost = false;
      isTooLong = false;
      cut = newline + 1;
    }
    const isDamaged = bytes.length < end - at;
    if (isDamaged) {
      // What follows has lost its beginning.
      carry = [];
      isLost = true;
      start = end;
    } else if (!isLost && !isTooLong) {
      carry.push(bytes.subarray(cut));
      if (end - start > MAX_LINE_BYTES) {
        carry = [];
        isTooLong = true;
      }
    }
    at = end;
    yield { lines, isDamaged, next: isLost ? end : start, end };
  }
}

function join(carry: readonly Buffer[], rest: Buffer): Buffer {
  return carry.length === 0 ? rest : Buffer.concat([...carry, rest]);
}
