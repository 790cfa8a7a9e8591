// Time of the first and of the last record of a segment, from one block at each end.

import { parseLine } from '../../shared/audit-line.ts';
import type { LogFolder } from '../store/log-folder.ts';
import { readForward } from '../store/segment-forward.ts';
import { type LogLine, readSegmentBackward } from '../store/segment-reader.ts';

/** Seconds since 1970; null where no record says one. */
export async function firstTime(log: LogFolder, segment: number): Promise<number | null> {
  const source = await log.open(segment);
  if (source === null) return null;
  try {
    for await (const { lines } of readForward(source, segment, { from: 0, isLineStart: true })) {
      const time = timeIn(lines);
      if (time !== null) return time;
    }
    return null;
  } finally {
    await source.close();
  }
}

/** The same of the last one. */
export async function lastTime(log: LogFolder, segment: number): Promise<number | null> {
  for await (const { lines } of readSegmentBackward(log, segment, null)) {
    const time = timeIn(lines);
    if (time !== null) return time;
  }
  return null;
}

function timeIn(lines: readonly LogLine[]): number | null {
  for (const { bytes } of lines) {
    const ts = bytes === null ? null : parseLine(bytes.toString())?.ts;
    if (typeof ts === 'number' && Number.isFinite(ts)) return ts;
  }
  return null;
}
