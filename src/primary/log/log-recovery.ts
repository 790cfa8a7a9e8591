// What a start finds in the log's folder, and what it makes of it: where the next record goes. A line
// that a crash tore off is set aside; damage further up is never repaired, because a repair would look
// like the work of somebody who rewrites records: it is named, and a new segment begins.
//
// Invariant: recovery changes no whole line; it cuts what stands behind the last newline, and keeps it aside.

import { hash } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  truncateSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { MAX_RECORD_BYTES } from '../../shared/audit-event.ts';
import { GENESIS, parseLine } from '../../shared/audit-line.ts';
import { parseSegmentName, segmentName } from '../../shared/segments.ts';
import type { LogPosition } from './segment-writer.ts';

/** What was found and done, as the fields of a `log_recovered` record. */
export type Finding = {
  readonly file: string;
  readonly reason: 'torn_tail' | 'damaged';
  /** The last record before the place, and the place in bytes. */
  readonly last_seq: number;
  readonly offset: number;
  readonly bytes?: number;
  /** Where the torn bytes are kept. */
  readonly kept?: string;
};

export type RecoveredLog = {
  readonly position: LogPosition;
  readonly epoch: number;
  readonly findings: readonly Finding[];
};

/** What a walk over one segment's lines saw. */
type Walk = {
  /** Highest number, newest epoch, and the hash of the last line: what a next record continues. */
  seq: number;
  epoch: number;
  prev: string;
  /** Start of the last whole line, the number before it, the byte behind it: the rest is torn. */
  lastStart: number;
  lastAfter: number;
  end: number;
  size: number;
  /** First whole line that is not the next record, or -1, and the number before it. */
  damagedAt: number;
  damagedAfter: number;
};

const CHUNK_BYTES = 4 * MAX_RECORD_BYTES;
const NEWLINE = 0x0a;

/** Looks at the newest segment, repairs its tail. Throws where the folder cannot be read or written. */
export function recoverLog(logPath: string, rotateBytes: number): RecoveredLog {
  const dir = dirname(logPath);
  const logName = basename(logPath);
  adoptForeignLog(logPath);
  const findings: Finding[] = [];
  const numbers = plainSegments(dir, logName);

  const newest = numbers[0] ?? 1;
  for (const number of numbers) {
    const file = segmentName(logName, number);
    const walk = walkSegment(join(dir, file));
    if (walk.end < walk.size) findings.push(cutTail(dir, file, walk));
    // Nothing whole in it: a crash came between its making and its first record.
    if (walk.end === 0) continue;
    const damaged = walk.damagedAt >= 0;
    if (damaged) findings.push(damage(file, walk));
    const { seq, prev } = walk;
    const next = { segment: newest === number ? number + 1 : newest, offset: 0, seq, prev };
    const goesOn = newest === number && !damaged && walk.end < rotateBytes;
    const position = goesOn ? { segment: number, offset: walk.end, seq, prev } : next;
    return { position, epoch: walk.epoch + 1, findings };
  }
  return { position: { segment: newest, offset: 0, seq: 0, prev: GENESIS }, epoch: 1, findings };
}

function damage(file: string, walk: Walk): Finding {
  return { file, reason: 'damaged', last_seq: walk.damagedAfter, offset: walk.damagedAt };
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

/** Numbers of the segments that this program wrote, newest first. */
function plainSegments(dir: string, logName: string): number[] {
  return readdirSync(dir)
    .filter((name) => !name.endsWith('.gz'))
    .map((name) => parseSegmentName(logName, name))
    .filter((number) => number !== null && number > 0)
    .map(Number)
    .sort((a, b) => b - a);
}

function walkSegment(path: string): Walk {
  const fd = openSync(path, 'r');
  try {
    return walkLines(fd);
  } finally {
    closeSync(fd);
  }
}

function walkLines(fd: number): Walk {
  const walk: Walk = {
    seq: 0,
    epoch: 0,
    prev: '',
    lastStart: 0,
    lastAfter: 0,
    end: 0,
    size: 0,
    damagedAt: -1,
    damagedAfter: 0,
  };
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let held = 0;
  for (;;) {
    const count = readSync(fd, buffer, held, buffer.length - held, walk.size);
    if (count === 0) break;
    walk.size += count;
    const filled = buffer.subarray(0, held + count);
    let start = 0;
    for (let at = filled.indexOf(NEWLINE); at >= 0; at = filled.indexOf(NEWLINE, start)) {
      takeLine(walk, filled.subarray(start, at), walk.size - filled.length + at + 1);
      start = at + 1;
    }
    // A line that fills the buffer is nobody's record; its end will not look like one either.
    held = filled.length - start === buffer.length ? 0 : filled.length - start;
    buffer.copyWithin(0, start, start + held);
  }
  if (walk.end > 0 && !isRecord(fd, walk.lastStart, walk.end)) {
    markDamage(walk, walk.lastStart, walk.lastAfter);
  }
  return walk;
}

/** The start of a line is what the primary wrote itself: cheap to read without parsing the rest. */
const STAMP =
  /^\{"seq":(\d{1,15}),"prev":"([0-9a-f]{64})","ts":[0-9.]+,"event":"[a-z_]+","id":"(\d{1,9})-/;

/** Takes a whole line; `end` is the byte behind its newline. */
function takeLine(walk: Walk, line: Buffer, end: number): void {
  const stamp = STAMP.exec(line.toString('latin1', 0, 200));
  const seq = Number(stamp?.[1]);
  const follows = walk.prev === '' || (seq === walk.seq + 1 && stamp?.[2] === walk.prev);
  if (stamp === null || !follows || end - walk.end !== line.length + 1) {
    markDamage(walk, walk.end, walk.seq);
  }
  walk.lastAfter = walk.seq;
  if (stamp !== null) {
    // Behind damage, too: no number is given out twice.
    walk.seq = Math.max(walk.seq, seq);
    walk.epoch = Math.max(walk.epoch, Number(stamp[3]));
  }
  walk.prev = hash('sha256', line);
  walk.lastStart = walk.end;
  walk.end = end;
}

function markDamage(walk: Walk, at: number, after: number): void {
  if (walk.damagedAt >= 0) return;
  walk.damagedAt = at;
  walk.damagedAfter = after;
}

/** Each line is confirmed by the hash in the next one; the last one has to be read. */
function isRecord(fd: number, start: number, end: number): boolean {
  if (end - start > MAX_RECORD_BYTES) return false;
  const line = Buffer.alloc(end - start - 1);
  readSync(fd, line, 0, line.length, start);
  return parseLine(line.toString()) !== null;
}

/** Moves what stands behind the last newline to `<segment>.broken`. */
function cutTail(dir: string, file: string, walk: Walk): Finding {
  const path = join(dir, file);
  const kept = `${file}.broken`;
  const bytes = walk.size - walk.end;
  const tail = Buffer.alloc(Math.min(bytes, CHUNK_BYTES));
  const fd = openSync(path, 'r+');
  try {
    for (let at = walk.end; at < walk.size; at += tail.length) {
      const count = readSync(fd, tail, 0, Math.min(tail.length, walk.size - at), at);
      appendFileSync(join(dir, kept), tail.subarray(0, count), { mode: 0o640, flush: true });
    }
    truncateSync(path, walk.end);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return { file, reason: 'torn_tail', last_seq: walk.seq, offset: walk.end, bytes, kept };
}
