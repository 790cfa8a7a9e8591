// The folder of the log: which segments there are, and how one is opened, plain or compressed.
// Never opens a file for writing.
//
// Invariant: where a segment is there plain and compressed, the plain file is read: the other is not finished.

import { constants, type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { segmentName, sortSegments } from '../../shared/segments.ts';
import { MemberCache, openCompressed, openPlain, type SegmentSource } from './segment-source.ts';

/** One for all readers of a log in this process: it holds what they found out about its files. */
export class LogFolder {
  readonly #logPath: string;
  readonly #cache = new MemberCache();

  constructor(logPath: string) {
    this.#logPath = logPath;
  }

  /** Numbers of the segments that exist, oldest first. 0 is a file of the original. */
  list(): Promise<number[]> {
    return listSegments(this.#logPath);
  }

  /** Null where the segment is gone, or was compressed by another program. */
  async open(segment: number): Promise<SegmentSource | null> {
    const plain = await openPlainFile(this.#logPath, segment);
    if (plain !== null) return closeOnError(plain, openPlain(plain));
    // A segment that is being compressed is at no time without a file of the one or the other kind.
    const path = `${pathOf(this.#logPath, segment)}.gz`;
    const file = await open(path, 'r').catch(nullWhenMissing);
    if (file === null) return null;
    const source = await closeOnError(file, openCompressed(path, file, this.#cache));
    if (source === null) await file.close();
    return source;
  }
}

/** Numbers of the segments that exist, oldest first. 0 is a file of the original. */
export async function listSegments(logPath: string): Promise<number[]> {
  const logName = basename(logPath);
  const names = await readdir(dirname(logPath)).catch(emptyWhenMissing);
  let numbers = sortSegments(logName, names);
  // A folder of a thousand names is not read in one go, and a segment that was compressed meanwhile
  // may be in neither part: a number that is missing between others is looked for once more.
  const span = (numbers.at(-1) ?? 0) - (numbers[0] ?? 0) + 1;
  if (numbers.length > 0 && numbers.length < span) {
    const again = await readdir(dirname(logPath)).catch(emptyWhenMissing);
    numbers = sortSegments(logName, [...names, ...again]);
  }
  // Before leash's first start the original's file has no number in its name yet.
  if (numbers.includes(0) || !(await isFile(logPath))) return numbers;
  return [0, ...numbers];
}

async function openPlainFile(logPath: string, segment: number): Promise<FileHandle | null> {
  if (segment === 0 && (await isFile(logPath))) {
    // It may be renamed at this moment; the link that takes its place leads to another segment.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW;
    const original = await open(logPath, flags).catch(nullWhenMissing);
    if (original !== null) return original;
  }
  return open(pathOf(logPath, segment), 'r').catch(nullWhenMissing);
}

function pathOf(logPath: string, segment: number): string {
  return join(dirname(logPath), segmentName(basename(logPath), segment));
}

async function closeOnError<T>(file: FileHandle, opening: Promise<T>): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function isFile(path: string): Promise<boolean> {
  const stat = await lstat(path).catch(nullWhenMissing);
  return stat?.isFile() ?? false;
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
