// Reads the lines of all segments, newest first, while the primary goes on writing them.
// Knows files and newlines, and nothing of what a line means. Never opens a file for writing.
//
// Invariant: the reader yields newline-terminated lines only (the live segment may end in half a line).
// Invariant: memory is bounded by one block and one line, whatever the size of a segment or a line.

import { constants, type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { MAX_RECORD_BYTES } from '../../shared/audit-event.ts';
import { segmentName, sortSegments } from '../../shared/segments.ts';

/** A place between two lines. What lies before it is older. */
export type Position = { readonly segment: number; readonly offset: number };

export type LogLine = {
  readonly segment: number;
  readonly start: number;
  readonly end: number;
  /** The line without its newline; null when it is too long to be a record. */
  readonly bytes: Buffer | null;
};

/** What one step of reading gives: some lines, newest first, or a segment that cannot be read. */
export type Batch = { readonly lines: readonly LogLine[]; readonly unreadable?: number };

/** One read. 256 KiB take about 2 ms to parse: the event loop is free again after that. */
const BLOCK_BYTES = 256 * 1024;
/** The original did not limit its lines: files of it get some more room than a record has. */
export const MAX_LINE_BYTES = MAX_RECORD_BYTES + 64 * 1024;
/** Below this distance a search for a number reads on instead of halving. */
const SEEK_BYTES = 2 * BLOCK_BYTES;
/** A record starts with its number: `{"seq":` and at most 16 digits. */
const SEQ_BYTES = 32;

const NEWLINE = 0x0a;

/** Numbers of the segments that exist, oldest first. 0 is a file of the original. */
export async function listSegments(logPath: string): Promise<number[]> {
  const numbers = sortSegments(
    basename(logPath),
    await readdir(dirname(logPath)).catch(emptyWhenMissing),
  );
  // Before leash's first start the original's file has no number in its name yet.
  if (numbers.includes(0) || !(await isFile(logPath))) return numbers;
  return [0, ...numbers];
}

/**
 * Lines of all segments before `from` (absent: the end of the log), newest first. A segment that
 * went away meanwhile, or is there in compressed form only, gives one batch with its number.
 */
export async function* readLinesBackward(logPath: string, from?: Position): AsyncGenerator<Batch> {
  for (const segment of (await listSegments(logPath)).reverse()) {
    if (from !== undefined && segment > from.segment) continue;
    const file = await openSegment(logPath, segment);
    if (file === null) {
      yield { lines: [], unreadable: segment };
      continue;
    }
    try {
      yield* readFileBackward(file, segment, segment === from?.segment ? from.offset : null);
    } finally {
      await file.close();
    }
  }
}

/**
 * A place such that every record with a number below `seq` is before it, and few others. Reads a
 * few kilobytes: numbers grow from line to line, so halving finds them.
 */
export async function seekBefore(logPath: string, seq: number): Promise<Position> {
  const segments = (await listSegments(logPath)).filter((segment) => segment > 0);
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const first = await withSegment(logPath, segments[middle] ?? 0, (file) => seqAt(file, 0));
    if (first !== null && first.seq >= seq) high = middle;
    else low = middle + 1;
  }
  const segment = segments[low - 1];
  if (segment === undefined) return { segment: 0, offset: Number.MAX_SAFE_INTEGER };
  const offset = await withSegment(logPath, segment, (file) => seekInFile(file, seq));
  return { segment, offset: offset ?? Number.MAX_SAFE_INTEGER };
}

async function* readFileBackward(
  file: FileHandle,
  segment: number,
  from: number | null,
): AsyncGenerator<Batch> {
  const { size } = await file.stat();
  let end = Math.min(size, from ?? size);
  // The part of a line whose beginning is still to come, in file order; null until the first
  // newline is seen: what follows the last newline is half a line, or not ours to give.
  let tail: Buffer[] | null = null;
  let lineEnd = end;
  let tooLong = false;
  while (end > 0) {
    const block = await readAt(file, Math.max(0, end - BLOCK_BYTES), Math.min(end, BLOCK_BYTES));
    if (block.length === 0) return;
    const base = Math.max(0, end - BLOCK_BYTES);
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
    }
    yield { lines };
  }
}

function joinLine(head: Buffer | null, tail: readonly Buffer[]): Buffer {
  if (head !== null && tail.length === 0) return head;
  return Buffer.concat(head === null ? tail : [head, ...tail]);
}

async function seekInFile(file: FileHandle, seq: number): Promise<number> {
  const { size } = await file.stat();
  let low = 0;
  let high = size;
  while (high - low > SEEK_BYTES) {
    const middle = low + ((high - low) >> 1);
    const found = await seqAt(file, middle);
    // Where no number can be read (damage), too late is safe and too early is not.
    if (found === null) low = middle;
    else if (found.start < high && found.seq < seq) low = found.start;
    else high = middle;
  }
  return Math.min(size, high + MAX_LINE_BYTES);
}

/** Number of the first record that starts at or after `offset`. */
async function seqAt(
  file: FileHandle,
  offset: number,
): Promise<{ seq: number; start: number } | null> {
  let start = offset;
  if (offset > 0) {
    const block = await readAt(file, offset - 1, MAX_LINE_BYTES);
    const newline = block.indexOf(NEWLINE);
    if (newline < 0) return null;
    start = offset + newline;
  }
  const head = await readAt(file, start, SEQ_BYTES);
  const digits = /^\{"seq":(\d{1,16})[,}]/.exec(head.toString('latin1'))?.[1];
  return digits === undefined ? null : { seq: Number(digits), start };
}

async function withSegment<T>(
  logPath: string,
  segment: number,
  read: (file: FileHandle) => Promise<T>,
): Promise<T | null> {
  const file = await openSegment(logPath, segment);
  if (file === null) return null;
  try {
    return await read(file);
  } finally {
    await file.close();
  }
}

async function openSegment(logPath: string, segment: number): Promise<FileHandle | null> {
  const named = join(dirname(logPath), segmentName(basename(logPath), segment));
  if (segment > 0) return open(named, 'r').catch(nullWhenMissing);
  const original = (await isFile(logPath)) ? logPath : named;
  // It may be renamed at this moment; the link that takes its place leads to another segment.
  return open(original, constants.O_RDONLY | constants.O_NOFOLLOW).catch(nullWhenMissing);
}

async function isFile(path: string): Promise<boolean> {
  const stat = await lstat(path).catch(nullWhenMissing);
  return stat?.isFile() ?? false;
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const block = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(block, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return block.subarray(0, filled);
}

function emptyWhenMissing(error: unknown): string[] {
  if (isMissing(error)) return [];
  throw error;
}

function nullWhenMissing(error: unknown): null {
  if (isMissing(error)) return null;
  throw error;
}

function isMissing(error: unknown): boolean {
  if (!(error instanceof Error && 'code' in error)) return false;
  // ELOOP: a link stands where a file was asked for.
  return error.code === 'ENOENT' || error.code === 'ELOOP';
}
