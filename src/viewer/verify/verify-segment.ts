// The task of a thread: one segment file, from its first byte to its last, into a report. What it
// gives crosses threads, so an error is a value.

import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { ChainPoint } from '../../shared/chain-walk.ts';
import type { KnownLines } from './known-lines.ts';
import { readCompressed, readPlain } from './read-segment.ts';
import { SegmentCheck } from './segment-check.ts';
import type { SegmentReport } from './segment-report.ts';

export type SegmentTask = {
  /** Without `.gz`. */
  readonly path: string;
  readonly number: number;
  readonly start?: ChainPoint | undefined;
  readonly known: KnownLines;
  /** How long half a line at the end may become a whole one; 0: nobody writes this segment. */
  readonly graceMs: number;
  /** Bytes of files that are done, of all threads together. */
  readonly progress: BigInt64Array;
};

export type SegmentResult =
  | { readonly report: SegmentReport; readonly isCompressed: boolean; readonly bytes: number }
  /** `ENOENT`: it is not there, plain or compressed. */
  | { readonly code: string; readonly message: string };

/** A writer that is alive writes the rest of a line at once; asked for so often, it costs nothing. */
const PAUSE_MS = 20;

/** Where both files are there, the plain one counts: its compressed one was not finished. */
export async function verifySegment(task: SegmentTask): Promise<SegmentResult> {
  try {
    const plain = open(task.path);
    const fd = plain ?? open(`${task.path}.gz`);
    if (fd === null) return { code: 'ENOENT', message: 'no such file' };
    try {
      if (!fstatSync(fd).isFile()) return { code: 'EINVAL', message: 'it is no file' };
      const report = plain === null ? verifyCompressed(fd, task) : await verifyPlain(fd, task);
      return { report, isCompressed: plain === null, bytes: fstatSync(fd).size };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { code: 'code' in error ? String(error.code) : '', message: error.message };
  }
}

async function verifyPlain(fd: number, task: SegmentTask): Promise<SegmentReport> {
  const check = new SegmentCheck(task);
  const handlers = handlersOf(check, task);
  const first = readPlain(fd, 0, handlers);
  let end = first;
  // Half a line is torn where nobody goes on with it; where somebody does, there may be half of
  // another one each time.
  const until = performance.now() + task.graceMs;
  while (check.tornBytes > 0 && performance.now() < until) {
    await pause(PAUSE_MS);
    end = readPlain(fd, end, handlers);
  }
  return check.report({ isGrowing: end > first });
}

function verifyCompressed(fd: number, task: SegmentTask): SegmentReport {
  const check = new SegmentCheck(task);
  const unreadable = readCompressed(fd, handlersOf(check, task));
  return check.report({ unreadable });
}

function handlersOf(check: SegmentCheck, { progress }: SegmentTask) {
  return {
    onBytes: (bytes: Buffer) => check.push(bytes),
    onProgress: (bytes: number) => void Atomics.add(progress, 0, BigInt(bytes)),
  };
}

function open(path: string): number | null {
  try {
    // Somebody may have put a pipe there: opening one would wait for a writer, for ever.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
