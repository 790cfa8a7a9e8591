// How much room is left, and for how long: what the file system says of a folder, and how fast the log
// has grown lately. Reads names and sizes, never contents.

import { readdir, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseSegmentName } from '../../shared/segments.ts';

export type Room = { free_bytes: number; total_bytes: number };

/** A segment on the disk, times in milliseconds since 1970. */
type SegmentFile = {
  readonly bytes: number;
  readonly bornMs: number;
  readonly changedMs: number;
};

/** Of so much of the past it is said how fast the log grows. */
const WINDOW_MS = 24 * 60 * 60 * 1000;
/** A log that is younger says nothing about tomorrow. */
const MIN_SPAN_MS = 10 * 60 * 1000;
/** The newest; older ones are not of the last day, or the log grows by terabytes. */
const MAX_FILES = 2000;

/** What is free to leash in this folder's file system; null: it cannot be asked. */
export async function readRoom(folder: string): Promise<Room | null> {
  const found = await statfs(folder).catch(() => null);
  return (
    found && { free_bytes: found.bavail * found.bsize, total_bytes: found.blocks * found.bsize }
  );
}

/** The newest segments of a log, in no order. */
export async function listSegmentFiles(logPath: string): Promise<SegmentFile[]> {
  const logName = basename(logPath);
  const names = await readdir(dirname(logPath)).catch(() => []);
  const segments = names
    .flatMap((name) => {
      const number = parseSegmentName(logName, name);
      return number === null ? [] : [{ name, number }];
    })
    .sort((a, b) => b.number - a.number)
    .slice(0, MAX_FILES);
  const files: SegmentFile[] = [];
  for (const { name } of segments) {
    const found = await stat(join(dirname(logPath), name)).catch(() => null);
    if (found === null) continue;
    files.push({ bytes: found.size, bornMs: found.birthtimeMs, changedMs: found.mtimeMs });
  }
  return files;
}

/** Bytes that the log grew by a day, by its last day; null: it is too young to say. */
export function growthPerDay(files: readonly SegmentFile[], nowMs: number): number | null {
  const oldest = Math.min(nowMs, ...files.map(({ bornMs }) => bornMs));
  const from = Math.max(oldest, nowMs - WINDOW_MS);
  if (nowMs - from < MIN_SPAN_MS) return null;
  let bytes = 0;
  for (const file of files) {
    // A file is taken to have grown evenly; one that was compressed was made at once.
    const span = file.changedMs - file.bornMs;
    const within = file.changedMs - Math.max(file.bornMs, from);
    if (within >= 0) bytes += span > 0 ? file.bytes * (within / span) : file.bytes;
  }
  return (bytes * WINDOW_MS) / (nowMs - from);
}
