// Reads the lines of all segments from a place on, oldest first, while the primary goes on writing them.
// Knows which segment follows which; how one is read is segment-forward.ts's. Memory: one block, or one line.

import type { LogFolder } from './log-folder.ts';
import { readForward } from './segment-forward.ts';
import { type LogLine, MAX_LINE_BYTES, type Position } from './segment-reader.ts';
import type { SegmentSource } from './segment-source.ts';

/** What one step of reading gives. */
type LogStep = {
  /** Oldest first. */
  readonly lines: readonly LogLine[];
  /** Behind the last whole line: whoever reads on from here gets what follows. */
  readonly next: Position;
  /** Something between two places could not be read: it was deleted, cut, damaged or no record. */
  readonly lost: boolean;
};

const NEWLINE = 0x0a;

/** Lines from `from` on to the end of what is there now. */
export async function* readLinesForward(log: LogFolder, from: Position): AsyncGenerator<LogStep> {
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
): AsyncGenerator<LogStep> {
  // A start after a crash cuts a torn tail off; what was whole stays where it was.
  if (from > source.size) yield { lines: [], next: { segment, offset: source.size }, lost: true };
  if (from >= source.size) return;
  // The last look may have ended in a line that is too long, or behind a block that is damaged.
  const isLineStart = from === 0 || (await source.read(from - 1, 1))?.[0] === NEWLINE;
  for await (const batch of readForward(source, segment, { from, isLineStart })) {
    // Half a line at the end is still being written, unless no record can be as long.
    const isTooLong = batch.end - batch.next > MAX_LINE_BYTES;
    yield {
      lines: batch.lines,
      next: { segment, offset: isTooLong ? batch.end : batch.next },
      lost: batch.isDamaged || isTooLong || batch.lines.some(({ bytes }) => bytes === null),
    };
  }
}
