// The records that hold the parts of a body, found by reading backwards from the record they belong to.
// Bounded by the time of a search: what is not found by then counts as not there.

import type { AuditRecord } from '../../shared/audit-event.ts';
import { parseLine } from '../../shared/audit-line.ts';
import type { LogFolder } from '../store/log-folder.ts';
import { readLinesBackward } from '../store/segment-reader.ts';
import { isPiece } from '../store/web-socket.ts';
import { partCount } from './body-test.ts';
import type { PartReader } from './hit-test.ts';

/** For one record; most parts stand close before it. */
const MAX_BYTES = 32 * 1024 * 1024;

/** Reads all lines before the record; without an index there is no other way. */
export function scanForParts(log: LogFolder, isOver: () => boolean): PartReader {
  return async function* parts(record, place) {
    const needle = JSON.stringify(record.id);
    let left = partCount(record);
    let bytes = 0;
    for await (const batch of readLinesBackward(log, place)) {
      for (const line of batch.lines) {
        bytes += line.end - line.start;
        if (line.bytes === null || !line.bytes.includes(needle)) continue;
        const part = toPartOf(record, line.bytes);
        if (part === null) continue;
        yield part;
        left -= 1;
        if (left === 0) return;
      }
      if (bytes >= MAX_BYTES || isOver()) return;
    }
  };
}

/** A line → its record where that is a part of the body of `main`, or null. */
export function toPartOf(main: AuditRecord, line: Buffer): AuditRecord | null {
  const record = parseLine(line.toString());
  if (record === null || record.id !== main.id) return null;
  if (main.event !== 'websocket') return record.event === 'part' ? record : null;
  const isOurs = record.direction === main.direction && record.opcode === main.opcode;
  return isPiece(record) && isOurs ? record : null;
}
