// What a fleet leaves in leash's log: how much of it, what compressing makes of it, and whether all that
// agents heard is in it.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { type LogRecord, segmentFiles } from '../../test/support/leash-records.ts';
import type { Numbers } from '../openloop/distribution.ts';

export type Figures = {
  /** Of all lines, uncompressed. */
  bytes: number;
  /** Of the lines of the time that was measured. */
  windowBytes: number;
  records: number;
  /** Answers of events, passed on and recorded: bytes. */
  eventBytes: number;
  eventBytesRecorded: number;
  /** Ends that are no whole answer, or a copy that was cut. */
  strange: number;
};

/** Seconds of the calendar, as records have them. */
export type Window = { readonly from: number; readonly to: number };

/** Reads the whole log. `compression`: plain bytes of the sealed segments by their bytes on the disk. */
export async function readLogFigures(logPath: string, window: Window): Promise<Figures & Numbers> {
  const figures = noFigures();
  let plain = 0;
  let packed = 0;
  for (const file of await segmentFiles(logPath)) {
    const isPacked = file.endsWith('.gz');
    const before = figures.bytes;
    const bytes = createReadStream(file);
    const input = isPacked ? bytes.pipe(createGunzip()) : bytes;
    for await (const line of createInterface({ input })) addLine(figures, line, window);
    if (!isPacked) continue;
    plain += figures.bytes - before;
    packed += (await stat(file)).size;
  }
  return { ...figures, sealedBytes: plain, compression: packed === 0 ? 0 : plain / packed };
}

export function noFigures(): Figures {
  return {
    bytes: 0,
    windowBytes: 0,
    records: 0,
    eventBytes: 0,
    eventBytesRecorded: 0,
    strange: 0,
  };
}

/** Adds one line. Pure. */
export function addLine(figures: Figures, line: string, { from, to }: Window): void {
  const record: LogRecord = JSON.parse(line);
  const bytes = Buffer.byteLength(line) + 1;
  figures.records += 1;
  figures.bytes += bytes;
  if (record.ts >= from && record.ts < to) figures.windowBytes += bytes;
  if (['blocked', 'error', 'revoked'].includes(record.event)) figures.strange += 1;
  // Tools' answers are too short for parts, and git's are no text.
  if (record.event === 'part' && record.dir === 'res') {
    figures.eventBytesRecorded += record.body.length;
  }
  if (record.event !== 'allowed') return;
  if (record.status !== 200 || isCut(record)) figures.strange += 1;
  if (!record.url.includes('/events?')) return;
  figures.eventBytes += record.bytes;
  figures.eventBytesRecorded += record.res_body?.length ?? 0;
}

/** What is no text is not copied, and that is how it is meant. */
function isCut({ res_truncated = 'content_type' }: LogRecord): boolean {
  return res_truncated !== 'content_type';
}
