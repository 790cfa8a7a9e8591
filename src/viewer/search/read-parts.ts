// The records that hold the parts of a body, found backwards from the record they belong to: by the index
// of each segment, or by its lines. Bounded for each record: what lies further back counts as not there.

import type { AuditRecord } from '../../shared/audit-event.ts';
import { parseLine } from '../../shared/audit-line.ts';
import { hashId, type SegmentIndex } from '../index/segment-index.ts';
import type { LogFolder } from '../store/log-folder.ts';
import { type Position, readSegmentBackward } from '../store/segment-reader.ts';
import { isPiece } from '../store/web-socket.ts';
import { partCount } from './body-test.ts';
import type { PartReader } from './hit-test.ts';

type Indexes = { get(segment: number): SegmentIndex | null };

/** For one record; most parts stand close before it, and few bodies are recorded beyond a megabyte. */
const MAX_BYTES = 32 * 1024 * 1024;
/** Clocks may have been set while a flow ran. */
const SLACK_S = 60;

/** Parts, newest first. */
export function findParts(log: LogFolder, indexes: Indexes): PartReader {
  return async function* parts(record, place) {
    const duration = typeof record.duration_ms === 'number' ? record.duration_ms / 1000 : 0;
    const openedAt = record.ts - duration - SLACK_S;
    let left = partCount(record);
    let bytes = 0;
    const segments = (await log.list()).filter((segment) => segment <= place.segment);
    for (const segment of segments.reverse()) {
      const end = segment === place.segment ? place.offset : Number.MAX_SAFE_INTEGER;
      const index = indexes.get(segment);
      if (index !== null && index.rows > 0 && index.maxTs < openedAt) return;
      const isKnown = index !== null && end <= index.end;
      const lines = isKnown
        ? indexedLines(log, { segment, offset: end }, index, record)
        : readLines(log, { segment, offset: end });
      for await (const line of lines) {
        bytes += line.length;
        const part = toPartOf(record, line);
        if (part !== null) {
          yield part;
          left -= 1;
        }
        if (left <= 0 || bytes >= MAX_BYTES) return;
      }
    }
  };
}

async function* readLines(log: LogFolder, { segment, offset }: Position): AsyncGenerator<Buffer> {
  const from = offset === Number.MAX_SAFE_INTEGER ? null : offset;
  for await (const { lines } of readSegmentBackward(log, segment, from)) {
    for (const { bytes } of lines) if (bytes !== null) yield bytes;
  }
}

async function* indexedLines(
  log: LogFolder,
  { segment, offset }: Position,
  index: SegmentIndex,
  { id }: AuditRecord,
): AsyncGenerator<Buffer> {
  const [ids, offsets, lengths] = await Promise.all([
    index.numbers('part_id'),
    index.numbers('part_offset'),
    index.numbers('part_length'),
  ]);
  const wanted = hashId(String(id));
  const source = await log.open(segment);
  if (source === null) return;
  try {
    for (let at = ids.length - 1; at >= 0; at -= 1) {
      const start = offsets[at] ?? 0;
      if (ids[at] !== wanted || start >= offset) continue;
      const line = await source.read(start, lengths[at] ?? 0);
      if (line !== null) yield line;
    }
  } finally {
    await source.close();
  }
}

/** A line → its record where that is a part of the body of `main`, or null. */
function toPartOf(main: AuditRecord, line: Buffer): AuditRecord | null {
  if (!line.includes(JSON.stringify(main.id))) return null;
  const record = parseLine(line.toString());
  if (record === null || record.id !== main.id) return null;
  if (main.event !== 'websocket') return record.event === 'part' ? record : null;
  const isOurs = record.direction === main.direction && record.opcode === main.opcode;
  return isPiece(record) && isOurs ? record : null;
}
