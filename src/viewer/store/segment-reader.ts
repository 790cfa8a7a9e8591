// Reads the lines of all segments, newest first, while the primary goes on writing them.
// Knows segments and newlines, and nothing of files or of what a line means.
//
// Invariant: the reader yields newline-terminated lines only (the live segment may end in half a line).
// Invariant: memory is bounded by one block and one line, whatever the size of a segment or a line.

import { MAX_RECORD_BYTES } from '../../shared/audit-event.ts';
import { MEMBER_INPUT_BYTES } from '../../shared/gzip-member.ts';
import type { LogFolder } from './log-folder.ts';
import type { SegmentSource } from './segment-source.ts';

/** A place between two lines. What lies before it is older. */
export type Position = { readonly segment: number; readonly offset: number };

export type LogLine = {
  readonly segment: number;
  readonly start: number;
  readonly end: number;
  /** The line without its newline; null when it is too long to be a record. */
  readonly bytes: Buffer | null;
};

/** What one step of reading gives. */
type Batch = {
  /** Newest first. */
  readonly lines: readonly LogLine[];
  /** A segment of which nothing, or not what stands at this place, could be read. */
  readonly unreadable?: number;
  /** Whoever reads on from here gets what follows this batch. */
  readonly next: Position;
};

/**
 * One read. 256 KiB take about 2 ms to parse: the event loop is free again after that. Reads begin
 * where members of compressed segments do, so that each is inflated once and damage costs one block.
 */
export const BLOCK_BYTES = MEMBER_INPUT_BYTES;
/** The original did not limit its lines: files of it get some more room than a record has. */
export const MAX_LINE_BYTES = MAX_RECORD_BYTES + 64 * 1024;
/** Below this distance a search for a number reads on instead of halving. */
const SEEK_BYTES = 2 * BLOCK_BYTES;
/** A record starts with its number, the hash of the line before it, and its time. */
const HEAD = /^\{"seq":(\d{1,16})(?:[}]|,(?:"prev":"[0-9a-f]{0,64}","ts":(\d[0-9.]{0,30}))?)/;
const HEAD_BYTES = 160;

const NEWLINE = 0x0a;

/**
 * Lines of all segments before `from` (absent: the end of the log), newest first. A segment that
 * went away meanwhile, or was compressed by another program, gives one batch with its number.
 */
export async function* readLinesBackward(log: LogFolder, from?: Position): AsyncGenerator<Batch> {
  for (const segment of (await log.list()).reverse()) {
    if (from !== undefined && segment > from.segment) continue;
    const offset = segment === from?.segment ? from.offset : null;
    yield* readSegmentBackward(log, segment, offset);
  }
}

/** The same of one segment; `from` null: its end. */
export async function* readSegmentBackward(
  log: LogFolder,
  segment: number,
  from: number | null,
): AsyncGenerator<Batch> {
  const source = await log.open(segment);
  if (source === null) {
    yield { lines: [], unreadable: segment, next: { segment, offset: 0 } };
    return;
  }
  try {
    yield* readSourceBackward(source, segment, from);
  } finally {
    await source.close();
  }
}

/** What is looked for: the record with a number, or the first one of a moment (seconds since 1970). */
export type SeekTarget = { readonly seq: number } | { readonly ts: number };

/**
 * A place such that every record below `target` is before it, and few others. Reads a
 * few kilobytes: numbers and times grow from line to line, so halving finds them.
 */
export async function seekBefore(log: LogFolder, target: SeekTarget): Promise<Position> {
  const isBelow = (head: Head) => ('seq' in target ? head.seq < target.seq : head.ts < target.ts);
  const segments = (await log.list()).filter((segment) => segment > 0);
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const first = await withSegment(log, segments[middle] ?? 0, (source) => headAt(source, 0));
    if (first !== null && !isBelow(first)) high = middle;
    else low = middle + 1;
  }
  const segment = segments[low - 1];
  if (segment === undefined) return { segment: 0, offset: Number.MAX_SAFE_INTEGER };
  const offset = await withSegment(log, segment, (source) => seekInSource(source, isBelow));
  return { segment, offset: offset ?? Number.MAX_SAFE_INTEGER };
}

async function* readSourceBackward(
  source: SegmentSource,
  segment: number,
  from: number | null,
): AsyncGenerator<Batch> {
  let end = Math.min(source.size, from ?? source.size);
  // The part of a line whose beginning is still to come, in file order; null until the first
  // newline is seen: what follows the last newline is half a line, or not ours to give.
  let tail: Buffer[] | null = null;
  let lineEnd = end;
  let tooLong = false;
  let reached = end;
  while (end > 0) {
    const base = Math.floor((end - 1) / BLOCK_BYTES) * BLOCK_BYTES;
    const block = await source.read(base, end - base);
    // Damage, or a file that was cut: the line that reaches in here has lost its beginning.
    const isWhole = block?.length === end - base;
    if (!isWhole) tail = null;
    if (block === null) {
      end = base;
      reached = base;
      yield { lines: [], unreadable: segment, next: { segment, offset: base } };
      continue;
    }
    const lines: LogLine[] = [];
    let cut = block.length;
    for (;;) {
      const newline = cut === 0 ? -1 : block.lastIndexOf(NEWLINE, cut - 1);
      if (newline < 0) break;
      if (tail !== null) {
        const start = base + newline + 1;
        const isRecord = !tooLong && lineEnd - start <= MAX_LINE_BYTES;
        const bytes = isRecord ? joinLine(block.subarray(newline + 1, cut), tail) : null;
        lines.push({ segment, start, end: lineEnd, bytes });
      }
      tail = [];
      tooLong = false;
      cut = newline;
      lineEnd = base + newline + 1;
    }
    if (tail !== null) {
      tail.unshift(block.subarray(0, cut));
      if (lineEnd - base > MAX_LINE_BYTES) {
        tail = [];
        tooLong = true;
      }
    }
    end = base;
    if (end === 0 && tail !== null) {
      lines.push({ segment, start: 0, end: lineEnd, bytes: tooLong ? null : joinLine(null, tail) });
      lineEnd = 0;
    }
    // A line that is half read is read again; one that is not given anyway is left behind.
    const offset = tail === null || tooLong ? base : lineEnd;
    // Whoever stops after a batch gets further with the next one: a line that is longer than a block
    // would otherwise hold up a reader for good whose time is over with each block.
    if (offset === reached && isWhole) continue;
    reached = offset;
    const unreadable = isWhole ? {} : { unreadable: segment };
    yield { lines, ...unreadable, next: { segment, offset } };
  }
}

function joinLine(head: Buffer | null, tail: readonly Buffer[]): Buffer {
  if (head !== null && tail.length === 0) return head;
  return Buffer.concat(head === null ? tail : [head, ...tail]);
}

type Head = { readonly seq: number; readonly ts: number; readonly start: number };

async function seekInSource(
  source: SegmentSource,
  isBelow: (head: Head) => boolean,
): Promise<number> {
  let low = 0;
  let high = source.size;
  while (high - low > SEEK_BYTES) {
    const middle = low + ((high - low) >> 1);
    const found = await headAt(source, middle);
    // Where no number can be read (damage), too late is safe and too early is not.
    if (found === null) low = middle;
    else if (found.start < high && isBelow(found)) low = found.start;
    else high = middle;
  }
  return Math.min(source.size, high + MAX_LINE_BYTES);
}

/** Number and time of the first record that starts at or after `offset`; null where they cannot be read. */
async function headAt(source: SegmentSource, offset: number): Promise<Head | null> {
  let start = offset;
  if (offset > 0) {
    const block = await source.read(offset - 1, MAX_LINE_BYTES);
    const newline = block?.indexOf(NEWLINE) ?? -1;
    if (newline < 0) return null;
    start = offset + newline;
  }
  const head = (await source.read(start, HEAD_BYTES))?.toString('latin1') ?? '';
  const [, seq, ts] = HEAD.exec(head) ?? [];
  return seq === undefined ? null : { seq: Number(seq), ts: Number(ts ?? 0), start };
}

async function withSegment<T>(
  log: LogFolder,
  segment: number,
  read: (source: SegmentSource) => Promise<T>,
): Promise<T | null> {
  const source = await log.open(segment);
  if (source === null) return null;
  try {
    return await read(source);
  } finally {
    await source.close();
  }
}
