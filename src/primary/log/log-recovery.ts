// What a start finds in the log's folder, and what it makes of it: where the next record goes. A line
// that a crash tore off is set aside; damage further up is never repaired, because a repair would look
// like the work of somebody who rewrites records: it is named, and a new segment begins.
// Looked at is what follows the last checkpoint; all before it is for log-check.ts, in the background.
//
// Invariant: recovery changes no whole line; it cuts what stands behind the last newline, and keeps it aside.

import {
  appendFileSync,
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { GENESIS } from '../../shared/audit-line.ts';
import { ChainWalk } from '../../shared/chain-walk.ts';
import {
  checkpointFileName,
  parseSegmentName,
  reserveFileName,
  segmentName,
} from '../../shared/segments.ts';
import { lastCheckpoint, lastPublished } from './last-checkpoint.ts';
import { MAX_WAITING_BYTES } from './record-queue.ts';
import { readSegment } from './segment-bytes.ts';
import type { LogPosition } from './segment-writer.ts';

/** What was found and done, as the fields of a `log_recovered` record. */
export type Finding = {
  readonly file: string;
  /** `missing`: in front of it. `truncated`: a checkpoint was published of records that are not there. */
  readonly reason: 'torn_tail' | 'damaged' | 'missing' | 'truncated' | 'gone';
  /** The last record before the place, and the place in bytes. */
  readonly last_seq: number;
  readonly offset: number;
  readonly bytes?: number;
  /** Where the torn bytes are kept. */
  readonly kept?: string;
};

export type SegmentFile = {
  readonly number: number;
  readonly file: string;
};

export type RecoveredLog = {
  readonly position: LogPosition;
  readonly epoch: number;
  readonly findings: readonly Finding[];
  /** Segments to look through for flows that are open still, oldest first. */
  readonly unsettled: readonly SegmentFile[];
};

type Input = {
  readonly logPath: string;
  readonly rotateBytes: number;
  /** The public key that this host signs with, in hex. */
  readonly key: string;
};

type Tail = { readonly walk: ChainWalk; readonly epoch: number; readonly damage: Place | null };
/** The first record that is not what it was, and its place in bytes. */
type Place = { readonly seq: number; readonly offset: number };

/** Looks at the newest segment, repairs its tail. Throws where the folder cannot be read or written. */
export function recoverLog({ logPath, rotateBytes, key }: Input): RecoveredLog {
  const dir = dirname(logPath);
  const logName = basename(logPath);
  adoptForeignLog(logPath);
  const findings: Finding[] = [];
  const segments = listSegments(dir, logName);
  const published = lastPublished(join(dir, checkpointFileName(logName)), key);
  const newest = segments[0]?.number ?? 0;

  // Space for what a start has to write, should the disk be full.
  rmSync(join(dir, reserveFileName(logName)), { force: true });
  for (const [index, { file, number }] of segments.entries()) {
    const { walk, epoch, damage } = walkTail(join(dir, file), number, key);
    if (walk.tornBytes > 0 && !file.endsWith('.gz')) findings.push(cutTail(dir, file, walk));
    if (damage !== null) {
      const { seq, offset } = damage;
      findings.push({ file, reason: 'damaged', last_seq: seq - 1, offset });
    }
    const { seq, prev } = walk.last;
    // No record in it: a crash came between its making and its first one, or it is nobody's.
    if (seq === 0) continue;
    const isCut = published !== null && published.seq > seq;
    if (isCut) findings.push({ file, reason: 'truncated', last_seq: seq, offset: walk.end });
    const isNewest = newest === number && !file.endsWith('.gz');
    const goesOn = isNewest && damage === null && !isCut && walk.end < rotateBytes;
    const isFree = newest !== number && isEmpty(dir, segments[0]?.file);
    return {
      position: goesOn
        ? { segment: number, offset: walk.end, seq, prev }
        : // No number is given out twice.
          {
            segment: isFree ? newest : newest + 1,
            offset: 0,
            seq: Math.max(seq, published?.seq ?? 0),
            prev,
          },
      epoch: Math.max(epoch, published?.epoch ?? 0) + 1,
      findings,
      unsettled: unsettled(dir, segments.slice(index), rotateBytes),
    };
  }
  if (published !== null) {
    const file = segmentName(logName, newest || 1);
    findings.push({ file, reason: 'truncated', last_seq: 0, offset: 0 });
  }
  return {
    position: {
      segment: newest === 0 || isEmpty(dir, segments[0]?.file) ? newest || 1 : newest + 1,
      offset: 0,
      seq: published?.seq ?? 0,
      prev: GENESIS,
    },
    epoch: (published?.epoch ?? 0) + 1,
    findings,
    unsettled: [],
  };
}

/** A regular file at `LOG_PATH` is another program's: it becomes segment 0, byte for byte. */
function adoptForeignLog(logPath: string): void {
  const stat = lstatSync(logPath, { throwIfNoEntry: false });
  if (stat === undefined || stat.isSymbolicLink()) return;
  if (!stat.isFile()) throw new Error(`${logPath} is no file; move it away or set LOG_PATH`);
  const first = join(dirname(logPath), segmentName(basename(logPath), 0));
  if (lstatSync(first, { throwIfNoEntry: false }) !== undefined) {
    throw new Error(`${logPath} would become ${first}, which exists; move one of them away`);
  }
  renameSync(logPath, first);
}

/** The segments that this program wrote, newest first; where one is there twice, the plain file. */
export function listSegments(dir: string, logName: string): SegmentFile[] {
  const files = new Map<number, string>();
  for (const file of readdirSync(dir)) {
    const number = parseSegmentName(logName, file);
    if (number === null || number === 0) continue;
    if (!files.has(number) || !file.endsWith('.gz')) files.set(number, file);
  }
  return [...files].map(([number, file]) => ({ number, file })).sort((a, b) => b.number - a.number);
}

/** The chain from the segment's last checkpoint on; from its beginning where it has none. */
function walkTail(path: string, number: number, key: string): Tail {
  const isPlain = !path.endsWith('.gz');
  const checkpoint = isPlain ? lastCheckpoint(path, number, key) : null;
  let epoch = checkpoint?.epoch ?? 0;
  const handlers = {
    onLine: ({ bytes }: { bytes: Buffer }) => {
      epoch = Math.max(epoch, epochOf(bytes));
    },
  };
  const start = checkpoint && { ...checkpoint, seq: checkpoint.seq - 1, offset: checkpoint.size };
  const walk = new ChainWalk(handlers, start ?? undefined);
  try {
    for (const chunk of readSegment(path, start?.offset ?? 0)) walk.push(chunk);
  } catch (error) {
    // A compressed segment can be damaged as a file; what is in front of it counts.
    if (isPlain) throw error;
    return { walk, epoch, damage: { seq: walk.last.seq + 1, offset: walk.end } };
  }
  return {
    walk,
    epoch,
    damage: walk.damage() ?? (isPlain ? null : tornEnd(walk)),
  };
}

/** What is compressed was whole. */
function tornEnd({ tornBytes, last, end }: ChainWalk): Place | null {
  return tornBytes === 0 ? null : { seq: last.seq + 1, offset: end };
}

/** `{"seq":7,"prev":"…","ts":1.5,"event":"stop","id":"<epoch>-…`: ids begin with the start they are of. */
function epochOf(line: Buffer): number {
  return Number(/,"id":"(\d{1,9})-/.exec(line.toString('latin1', 0, 200))?.[1] ?? 0);
}

/**
 * The newest segment and those before it: for as long as the next one says that they were not settled, and
 * until the newer ones hold as much as may ever wait to be written. A flow whose last record waited when
 * a segment began is not in that segment's list, and a crash may have taken the record.
 */
function unsettled(
  dir: string,
  newestFirst: readonly SegmentFile[],
  rotateBytes: number,
): SegmentFile[] {
  const found: SegmentFile[] = [];
  let bytes = 0;
  for (const segment of newestFirst) {
    found.unshift(segment);
    const path = join(dir, segment.file);
    const isPlain = !segment.file.endsWith('.gz');
    bytes += isPlain ? statSync(path).size : rotateBytes / 2;
    if (bytes >= MAX_WAITING_BYTES && !saysUnsettled(path)) break;
  }
  return found;
}

/** A file that a crash left between its making and its first record. */
function isEmpty(dir: string, file: string | undefined): boolean {
  return file !== undefined && statSync(join(dir, file)).size === 0;
}

function saysUnsettled(path: string): boolean {
  try {
    const [chunk] = readSegment(path);
    return /"number":\d+,"unsettled":true/.test(chunk?.toString('latin1', 0, 600) ?? '');
  } catch {
    return false;
  }
}

/** Moves what stands behind the last newline to `<segment>.broken`; all of it is there before it goes here. */
function cutTail(dir: string, file: string, walk: ChainWalk): Finding {
  const path = join(dir, file);
  const kept = freeName(dir, `${file}.broken`);
  const temporary = join(dir, `${kept}.new`);
  let bytes = 0;
  rmSync(temporary, { force: true });
  for (const chunk of readSegment(path, walk.end)) {
    appendFileSync(temporary, chunk, { mode: 0o640, flush: true });
    bytes += chunk.length;
  }
  renameSync(temporary, join(dir, kept));
  const fd = openSync(path, 'r+');
  try {
    truncateSync(path, walk.end);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return { file, reason: 'torn_tail', last_seq: walk.last.seq, offset: walk.end, bytes, kept };
}

/** What an earlier crash left is not overwritten. */
function freeName(dir: string, name: string): string {
  for (let number = 1; ; number += 1) {
    const free = number === 1 ? name : `${name}.${number}`;
    if (lstatSync(join(dir, free), { throwIfNoEntry: false }) === undefined) return free;
  }
}
