// Whole lines at a place of the log and beside it: the one that begins there, the one before it and the
// one behind it, across segments. Reads a few kilobytes; knows nothing of what a line means.

import type { LogFolder } from '../store/log-folder.ts';
import { MAX_LINE_BYTES, type Position } from '../store/segment-reader.ts';
import type { SegmentSource } from '../store/segment-source.ts';

export type FoundLine = {
  readonly place: Position;
  /** Without its newline. */
  readonly bytes: Buffer;
  /** Bytes of the segment up to and without what follows the newline. */
  readonly end: number;
};

/** Why there is no line: the log ends or begins here, or a segment that should be there is not. */
export type NoLine = 'edge' | 'gone';

/** First look: most records are shorter, and a compressed segment is read by members anyway. */
const FIRST_BYTES = 16 * 1024;
const NEWLINE = 0x0a;

/** The line that begins at a place; null where none begins, or where none can be read. */
export async function readLineAt(log: LogFolder, place: Position): Promise<FoundLine | null> {
  return withSource(log, place.segment, (source) => lineFrom(source, place));
}

/** The line in front of one that begins at `place`. */
export async function readLineBefore(log: LogFolder, place: Position): Promise<FoundLine | NoLine> {
  if (place.offset > 0) {
    const found = await withSource(log, place.segment, (source) => lineTo(source, place));
    return found ?? 'gone';
  }
  // The original's file is no part of the chain.
  if (place.segment <= 1) return 'edge';
  const segment = place.segment - 1;
  const found = await withSource(log, segment, (source) =>
    lineTo(source, { segment, offset: source.size }),
  );
  return found ?? 'gone';
}

/** The line behind a line. */
export async function readLineAfter(log: LogFolder, line: FoundLine): Promise<FoundLine | NoLine> {
  const { segment } = line.place;
  const found = await withSource(log, segment, (source) =>
    lineFrom(source, { segment, offset: line.end }),
  );
  if (found !== null) return found;
  const segments = await log.list();
  // Half a line at the end of the newest segment is one that is being written.
  if (segment >= (segments.at(-1) ?? 0)) return 'edge';
  return (await readLineAt(log, { segment: segment + 1, offset: 0 })) ?? 'gone';
}

async function lineFrom(source: SegmentSource, place: Position): Promise<FoundLine | null> {
  if (place.offset > 0) {
    const before = await source.read(place.offset - 1, 1);
    if (before?.[0] !== NEWLINE) return null;
  }
  for (const length of [FIRST_BYTES, MAX_LINE_BYTES + 1]) {
    const block = await source.read(place.offset, length);
    const newline = block?.indexOf(NEWLINE) ?? -1;
    if (block !== null && newline >= 0) {
      return { place, bytes: block.subarray(0, newline), end: place.offset + newline + 1 };
    }
  }
  return null;
}

/** The last whole line that ends at or before a place. */
async function lineTo(source: SegmentSource, place: Position): Promise<FoundLine | null> {
  for (const length of [FIRST_BYTES, MAX_LINE_BYTES + 2]) {
    const base = Math.max(0, place.offset - length);
    const block = await source.read(base, place.offset - base);
    if (block === null || block.length < place.offset - base) return null;
    const end = block.lastIndexOf(NEWLINE);
    if (end < 0) continue;
    const start = end === 0 ? 0 : block.lastIndexOf(NEWLINE, end - 1) + 1;
    if (start === 0 && base > 0) continue;
    const offset = base + start;
    const bytes = block.subarray(start, end);
    return { place: { segment: place.segment, offset }, bytes, end: base + end + 1 };
  }
  return null;
}

async function withSource<T>(
  log: LogFolder,
  segment: number,
  read: (source: SegmentSource) => Promise<T | null>,
): Promise<T | null> {
  const source = await log.open(segment);
  if (source === null) return null;
  try {
    return await read(source);
  } finally {
    await source.close();
  }
}
