// All segments of a log in a window of time → one count of the asks in them, on as many threads as the
// caller runs. Segments that ended before the window are not read.

import { access, constants, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { segmentName } from '../../shared/segments.ts';
import { LogFolder, listSegments } from '../store/log-folder.ts';
import { parseHead } from '../store/row-filter.ts';
import type { SegmentSource } from '../store/segment-source.ts';
import { LogScan, type ScanCounts, type ScanResult, type ScanSetup } from './log-scan.ts';
import { type LinePlace, stillRunning } from './open-flows.ts';
import type { ScanPool } from './scan-pool.ts';

export type ReadOptions = {
  readonly logPath: string;
  readonly setup: ScanSetup;
  readonly pool: Pick<ScanPool, 'width' | 'run'>;
  /** Bytes of files that are done; grows while it runs. */
  readonly progress: BigInt64Array;
  readonly onTotal: (fileBytes: number) => void;
};

export type LogRead = {
  readonly found: ScanResult['found'];
  readonly counts: ScanCounts;
  readonly span: ScanResult['span'];
  readonly unclearHosts: readonly string[];
  readonly segments: number;
  readonly unread: readonly string[];
  /** False: which flows are running nobody can tell, so none is counted. */
  readonly knowsRunning: boolean;
};

/** A clock that was set back a little leaves records of the window in an older segment. */
const SLACK_S = 60;
const HEAD_BYTES = 512;
/** Of the line that opens a flow: first what it usually has, then all it may have. */
const LINE_BYTES = 2048;
const MAX_LINE_BYTES = LINE_BYTES * 16 * 16;

/** Throws where the folder or its newest segment cannot be read. */
export async function readLog(options: ReadOptions): Promise<LogRead> {
  const { logPath, setup, pool, progress } = options;
  const segments = await segmentsSince(logPath, setup.sinceS);
  const newest = segments.at(-1);
  // One that this user may not read is no log without records.
  if (newest !== undefined) await mayRead(newest.path);
  let bytes = 0;
  for (const { path } of segments) bytes += await sizeOf(path);
  options.onTotal(bytes);
  const next = new Int32Array(new SharedArrayBuffer(4));
  const width = Math.max(1, Math.min(pool.width, segments.length));
  const task = { setup, segments, next, progress };
  const results = await Promise.all(Array.from({ length: width }, () => pool.run(task)));
  const whole = new LogScan(setup);
  for (const result of results) whole.merge(result);
  const knowsRunning = results.every((result) => result.knowsRunning);
  if (knowsRunning) {
    const places = stillRunning(results.flatMap(({ opens }) => opens));
    for await (const line of linesAt(new LogFolder(logPath), places)) whole.openLine(line);
  }
  return {
    ...whole.result(),
    segments: segments.length,
    unread: results.flatMap(({ unread }) => unread),
    knowsRunning,
  };
}

/** The lines of these places, which are in order; one that is gone meanwhile is left out. */
async function* linesAt(log: LogFolder, places: readonly LinePlace[]): AsyncGenerator<Buffer> {
  let source: SegmentSource | null = null;
  let opened = -1;
  try {
    for (const { segment, offset } of places) {
      if (segment !== opened) {
        await source?.close();
        source = await log.open(segment);
        opened = segment;
      }
      let end = -1;
      for (let length = LINE_BYTES; end < 0 && length <= MAX_LINE_BYTES; length *= 16) {
        const bytes: Buffer | null = (await source?.read(offset, length)) ?? null;
        end = bytes?.indexOf('\n') ?? -1;
        if (bytes !== null && end >= 0) yield bytes.subarray(0, end);
      }
    }
  } finally {
    await source?.close();
  }
}

/** Oldest first. */
async function segmentsSince(logPath: string, sinceS: number) {
  const numbers = await listSegments(logPath);
  const log = new LogFolder(logPath);
  let from = 0;
  // What begins before the window says that all segments before it end before it, too.
  for (let at = numbers.length - 1; at > 0 && sinceS > 0; at -= 1) {
    const first = await firstTime(log, numbers[at] ?? 0);
    if (first === null || first >= sinceS - SLACK_S) continue;
    from = at;
    break;
  }
  const name = basename(logPath);
  return Promise.all(
    numbers.slice(from).map(async (number) => {
      const named = join(dirname(logPath), segmentName(name, number));
      // Before leash's first start the original's file has no number in its name yet.
      const path = number === 0 && (await sizeOf(named)) === 0 ? logPath : named;
      return { number, path };
    }),
  );
}

async function firstTime(log: LogFolder, segment: number): Promise<number | null> {
  const source = await log.open(segment);
  if (source === null) return null;
  try {
    const bytes = await source.read(0, HEAD_BYTES);
    return bytes === null ? null : (parseHead(bytes)?.ts ?? null);
  } finally {
    await source.close();
  }
}

async function mayRead(path: string): Promise<void> {
  const found = (await sizeOf(path)) > 0 ? path : `${path}.gz`;
  await access(found, constants.R_OK).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

/** Of the file, plain or compressed; 0: it is not there. */
async function sizeOf(path: string): Promise<number> {
  for (const each of [path, `${path}.gz`]) {
    const facts = await stat(each).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (facts !== null) return facts.size;
  }
  return 0;
}
