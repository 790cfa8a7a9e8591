// The rows of a segment that answer a search, found by reading its lines: where there is no index, and
// what is newer than one. Knows nothing of pages or counts.

import { formatPosition, isNewer } from '../store/position-text.ts';
import type { Row } from '../store/row.ts';
import { readForward } from '../store/segment-forward.ts';
import { type LogLine, type Position, readSegmentBackward } from '../store/segment-reader.ts';
import type { Run, Step } from './steps.ts';

/** `from`: only what begins at this byte of the segment, or behind it. */
export async function* scanBackward(run: Run, segment: number, from = 0): AsyncGenerator<Step> {
  const start = run.before?.segment === segment ? run.before.offset : null;
  for await (const batch of readSegmentBackward(run.log, segment, start)) {
    const lines: LogLine[] = [];
    let isOver = false;
    for (const line of batch.lines) {
      isOver ||= line.start < from || !isAfter(run, line);
      if (!isOver) lines.push(line);
    }
    const rows: Row[] = [];
    let cut: Position | null = null;
    for (const line of lines) {
      if (line.bytes === null) continue;
      const place = { segment, offset: line.start };
      const hit = run.test.scan(line.bytes, formatPosition(place), place);
      const row = hit instanceof Promise ? await hit : hit;
      if (row !== null) rows.push(row);
      if (hit instanceof Promise && run.isOver()) {
        cut = place;
        break;
      }
    }
    yield {
      ...describe(lines, segment),
      rows,
      // What is at the border was looked at by whoever looks behind it.
      reached:
        cut !== null
          ? cut
          : isOver
            ? { segment, offset: Math.max(from, batch.next.offset) }
            : batch.next,
      ts: run.test.scannedTs,
      isUnreadable: batch.unreadable !== undefined,
    };
    if (isOver || cut !== null || batch.next.offset <= from) return;
  }
}

/** The same towards the end. Flows that are running are left out: their end may be further on. */
export async function* scanForward(run: Run, segment: number, from = 0): AsyncGenerator<Step> {
  const source = await run.log.open(segment);
  if (source === null) return;
  try {
    const after = run.after?.segment === segment ? run.after.offset : -1;
    const start = after >= from ? { from: after, isLineStart: false } : { from, isLineStart: true };
    let reached = Math.max(after, from - 1, 0);
    for await (const batch of readForward(source, segment, start)) {
      const rows: Row[] = [];
      let ts: number | null = null;
      let isCut = false;
      for (const line of batch.lines) {
        reached = line.start;
        if (line.bytes === null) continue;
        const place = { segment, offset: line.start };
        const hit = run.test.single(line.bytes, formatPosition(place), place);
        const row = hit instanceof Promise ? await hit : hit;
        if (row !== null) rows.push(row);
        ts = row?.ts ?? ts;
        isCut = hit instanceof Promise && run.isOver();
        if (isCut) break;
      }
      yield {
        ...describe(batch.lines, segment),
        rows,
        // Also over a block that cannot be read, however far that reaches.
        reached: { segment, offset: batch.isDamaged && !isCut ? batch.next : reached },
        ts,
        isUnreadable: batch.isDamaged,
      };
      if (isCut) return;
    }
  } finally {
    await source.close();
  }
}

function isAfter(run: Run, line: LogLine): boolean {
  const place = { segment: line.segment, offset: line.start };
  return run.after === null || isNewer(place, run.after);
}

function describe(lines: readonly LogLine[], segment: number) {
  const starts = lines.map(({ start }) => start);
  return {
    bytes: lines.reduce((sum, { start, end }) => sum + end - start, 0),
    newest: starts.length === 0 ? null : { segment, offset: Math.max(...starts) },
    tooLong: lines.filter(({ bytes }) => bytes === null).length,
  };
}
