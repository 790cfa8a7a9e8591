// Reads the lines of all segments from a place on, oldest first, while the primary goes on writing them.
// Knows segments and newlines, and nothing of what a line means. Memory: one block, or one line.

import type { LogFolder } from './log-folder.ts';
import { type LogLine, MAX_LINE_BYTES, type Position } from './segment-reader.ts';
import type { SegmentSource } from './segment-source.ts';

/** What one step of reading gives. */
export type ForwardBatch = {
  /** Oldest first. */
  readonly lines: readonly LogLine[];
  /** Behind the last whole line: whoever reads on from here gets what follows. */
  readonly next: Position;
  /** Something between two places could not be read: it was deleted, cut or damaged. */
  readonly lost: boolean;
};

/** About 2 ms to parse: the event loop is free again after that. */
const BLOCK_BYTES = 256 * 1024;
const NEWLINE = 0x0a;

/** Lines from `from` on to the end of what is there now. */
export async function* readLinesForward(
  log: LogFolder,
  from: Position,
): AsyncGenerator<ForwardBatch> {
  // Listed first: a segment that has a successor here grows no more, so it is read to its end.
  const segments = (await log.list()).filter((segment) => segment >= from.segment);
  const [first = from.segment] = segments;
  const isBeginning = from.segment === 0 && from.offset === 0;
  if (first !== from.segment && !isBeginning) {
    yield { lines: [], next: { segment: first, offset: 0 }, lost: true };
  }
  for (const [index, segment] of segments.entries()) {
    const source = await log.open(segment);
    if (source !== null) {
      try {
        yield* readSource(source, segment, segment === from.segment ? from.offset : 0);
      } finally {
        await source.close();
      }
    }
    const following = segments[index + 1];
    if (following === undefined) continue;
    yield { lines: [], next: { segment: following, offset: 0 }, lost: source === null };
  }
}

async function* readSource(
  source: SegmentSource,
  segment: number,
  from: number,
): AsyncGenerator<ForwardBatch> {
  const { size } = source;
  let offset = from;
  const at = (place: number, lost: boolean, lines: LogLine[] = []): ForwardBatch => {
    offset = place;
    return { lines, next: { segment, offset: place }, lost };
  };
  // A start after a crash cuts a torn tail off; what was whole stays where it was.
  if (offset > size) yield at(size, true);
  while (offset < size) {
    let block = await source.read(offset, BLOCK_BYTES);
    if (block !== null && block.length === BLOCK_BYTES && !block.includes(NEWLINE)) {
      block = await source.read(offset, MAX_LINE_BYTES);
    }
    if (block === null || block.length === 0) {
      yield at(size, true);
      return;
    }
    const lines = splitLines(block, segment, offset);
    const last = lines.at(-1);
    if (last !== undefined) yield at(last.end, false, lines);
    // Half a line at the end is still being written, unless no record can be as long.
    else if (block.length < MAX_LINE_BYTES) return;
    else yield at(offset + block.length, true);
  }
}

function splitLines(block: Buffer, segment: number, base: number): LogLine[] {
  const lines: LogLine[] = [];
  for (let at = 0; ; ) {
    const newline = block.indexOf(NEWLINE, at);
    if (newline < 0) return lines;
    const bytes = block.subarray(at, newline);
    lines.push({ segment, start: base + at, end: base + newline + 1, bytes });
    at = newline + 1;
  }
}
