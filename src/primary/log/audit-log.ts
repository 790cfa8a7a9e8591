// The record as the rest of the primary sees it: append, be told when it is written, know whether it
// can be written at all. One write per turn of the event loop takes everything that came in it.
// Files, numbers and hashes are segment-writer.ts's; what a start finds on disk is log-recovery.ts's.
//
// Invariant: opening, closing and captured records leave the queue only by being written, in order.

import {
  type EventName,
  MAX_RECORD_BYTES,
  type PrimaryEvent,
  SCHEMA_VERSION,
} from '../../shared/audit-event.ts';
import { formatMembers } from '../../shared/audit-line.ts';
import type { Config } from '../../shared/config.ts';
import { recoverLog } from './log-recovery.ts';
import { BATCH_BYTES, type Entry, lineBound, SegmentWriter } from './segment-writer.ts';

export type AuditLogDeps = Pick<Config, 'logPath' | 'rotateBytes' | 'audit'> & {
  readonly hostId: string;
  /** Milliseconds since 1970. */
  now(): number;
  /** One JSON object per flow that is open now. */
  openFlows(): Iterable<string>;
  /** The log cannot be written, and why; empty: it can again. */
  onHealth(problem: string): void;
  /** Nothing can be promised any more: the process must end. */
  onFatal(error: Error): void;
};

export type LogStatus = {
  readonly healthy: boolean;
  /** Empty when healthy. */
  readonly problem: string;
  readonly segment: number;
  readonly seq: number;
  readonly bytes: number;
};

export type AuditLog = {
  /** Grows by one with each start on this log; part of every id. */
  readonly epoch: number;
  /** `onWritten`: the record is in the file (`durable`: on the disk). Throws on one too long. */
  append(event: EventName, id: string, members: Buffer | string, onWritten?: () => void): void;
  /** Counts a refused request in the place of its record, while there is no room for one. */
  countRefused(): void;
  /** So much waits that no more should be read; `resume` is called, once, when it does not. */
  pauseFor(resume: () => void): boolean;
  /** A record of the primary's own; its id has worker 0. */
  note(event: PrimaryEvent, fields: object): void;
  healthy(): boolean;
  status(): LogStatus;
  /** Records of this start by event. */
  counts(): Readonly<Record<string, number>>;
  /** Writes all that waits, now. */
  flush(): void;
  /** Flushes, writes through to the disk, closes. */
  close(): Promise<void>;
};

type Waiting = Entry & { readonly onWritten: (() => void) | undefined };

/** Room for the stamp and the brackets stays free. */
const HEADER_BYTES = MAX_RECORD_BYTES - 1024;
/** Resumes within this time when space is back; often enough for "within 2 s", rare enough to be free. */
const RETRY_MS = 250;
/** In `accepted`, so much of what is in the file may not yet be on the disk. */
const SYNC_MS = 1000;
/** Outcomes that wait for a log which cannot be written: 256 of the longest records. */
const MAX_QUEUE_BYTES = 256 * MAX_RECORD_BYTES;

/** Repairs what a crash left, then opens the log. Throws where the folder cannot be used. */
export function openAuditLog(deps: AuditLogDeps): AuditLog {
  const { now, rotateBytes } = deps;
  const recovered = recoverLog(deps.logPath, rotateBytes);
  const { epoch } = recovered;
  const writer = new SegmentWriter(deps.logPath, recovered.position);
  const counts = new Map<EventName, number>();
  let queue: Waiting[] = [];
  let queuedBytes = 0;
  let notes = 0;
  let problem = '';
  let problemSinceMs = 0;
  let refused = 0;
  const paused: (() => void)[] = [];
  let scheduled = false;
  let closed = false;
  let retry: NodeJS.Timeout | null = null;
  /** Bytes of the live segment's own first records: a segment that holds no more is not full. */
  let headerBytes = 0;
  let syncing: Promise<void> | null = null;
  let syncTimer: NodeJS.Timeout | null = null;
  let unsynced: (() => void)[] = [];

  if (writer.bytes === 0) writeHeader();
  for (const finding of recovered.findings) note('log_recovered', finding);

  function append(
    event: EventName,
    id: string,
    members: Buffer | string,
    onWritten?: () => void,
  ): void {
    const bytes = lineBound(members);
    if (bytes > MAX_RECORD_BYTES) throw new RangeError(`record of ${bytes} bytes`);
    queuedBytes += bytes;
    if (queuedBytes > MAX_QUEUE_BYTES) {
      deps.onFatal(new Error(`${queuedBytes} bytes wait and cannot be written (${problem})`));
      return;
    }
    queue.push({ event, id, members, tsMs: now(), onWritten });
    counts.set(event, (counts.get(event) ?? 0) + 1);
    if (scheduled || problem !== '') return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      write();
    });
  }

  function note(event: PrimaryEvent, fields: object): void {
    append(event, nextId(), formatMembers(fields));
  }

  function nextId(): string {
    notes += 1;
    return `${epoch}-0-${notes}`;
  }

  function write(): void {
    if (closed) return;
    try {
      if (writer.bytes === 0) writeHeader();
      while (queue.length > 0) {
        if (isFull(Math.min(queuedBytes, BATCH_BYTES))) rotate();
        settle(writer.append(queue, 0));
      }
      resume();
    } catch (error) {
      suspend(error instanceof Error ? error.message : String(error));
    }
  }

  /** A segment takes at least half its size in records, however long its own first ones are. */
  function isFull(batchBytes: number): boolean {
    const size = Math.max(rotateBytes - headerBytes, rotateBytes / 2);
    return writer.bytes > headerBytes && writer.bytes - headerBytes + batchBytes > size;
  }

  /** Takes the first `count` of the queue out and tells who waits for them. */
  function settle(count: number): void {
    const done = queue.length === count ? queue : queue.slice(0, count);
    queue = queue.slice(count);
    for (const { members, onWritten } of done) {
      queuedBytes -= lineBound(members);
      if (onWritten === undefined) continue;
      if (deps.audit === 'durable') unsynced.push(onWritten);
      else onWritten();
    }
    if (deps.audit === 'durable') startSync();
    else syncTimer ??= setTimeout(startSync, SYNC_MS);
    if (paused.length > 0 && queuedBytes < MAX_QUEUE_BYTES / 4) {
      for (const resumeReading of paused.splice(0)) resumeReading();
    }
  }

  function rotate(): void {
    writer.rotate();
    writeHeader();
  }

  function writeHeader(): void {
    const fields = { schema: SCHEMA_VERSION, host_id: deps.hostId, epoch, number: writer.segment };
    const headers = [...segmentHeaders(deps.openFlows(), fields)].map(
      (members): Entry => ({ event: 'segment', id: nextId(), members, tsMs: now() }),
    );
    for (let done = 0; done < headers.length; ) done += writer.append(headers, done);
    headerBytes = writer.bytes;
  }

  function suspend(message: string): void {
    const first = problem === '';
    if (first) problemSinceMs = now();
    problem = `Cannot write ${writer.path}: ${message}`;
    retry ??= setTimeout(() => {
      retry = null;
      write();
    }, RETRY_MS);
    if (first) deps.onHealth(problem);
  }

  function resume(): void {
    if (problem === '') return;
    problem = '';
    const seconds = (ms: number) => ms / 1000;
    note('audit_suspended', { from: seconds(problemSinceMs), to: seconds(now()), refused });
    refused = 0;
    deps.onHealth('');
  }

  /** One at a time; what is written meanwhile waits for the next one: group commit. */
  function startSync(): void {
    if (syncTimer !== null) clearTimeout(syncTimer);
    syncTimer = null;
    if (syncing !== null) return;
    const waiting = unsynced;
    unsynced = [];
    syncing = writer.sync().then(
      () => {
        syncing = null;
        for (const tell of waiting) tell();
        if (unsynced.length > 0) startSync();
      },
      // After a failed sync the kernel may have dropped the pages and report success the next time
      // (what PostgreSQL learnt in 2018): only a new start, which reads the disk, tells the truth.
      (error: Error) => deps.onFatal(error),
    );
  }

  return {
    epoch,
    append,
    countRefused() {
      refused += 1;
    },
    pauseFor(resumeReading) {
      if (queuedBytes < MAX_QUEUE_BYTES / 2) return false;
      paused.push(resumeReading);
      return true;
    },
    note,
    healthy: () => problem === '',
    status: () => ({
      healthy: problem === '',
      problem,
      segment: writer.segment,
      seq: writer.seq,
      bytes: writer.bytes,
    }),
    counts: () => Object.fromEntries(counts),
    flush: write,
    async close() {
      // Twice where the first write ends a suspension, which is a record, too.
      for (let left = 2; left > 0 && queue.length > 0; left -= 1) write();
      while (syncing !== null) await syncing;
      if (syncTimer !== null) clearTimeout(syncTimer);
      if (retry !== null) clearTimeout(retry);
      closed = true;
      writer.close();
    },
  };
}

/** The first record of a segment, and further ones where the open flows do not fit into one. */
function* segmentHeaders(flows: Iterable<string>, fields: object): Generator<string> {
  const start = formatMembers(fields);
  let open: string[] = [];
  let bytes = start.length;
  for (const flow of flows) {
    const more = Buffer.byteLength(flow) + 1;
    if (bytes + more > HEADER_BYTES) {
      yield `${start},"open":[${open.join(',')}]`;
      open = [];
      bytes = start.length;
    }
    open.push(flow);
    bytes += more;
  }
  yield open.length === 0 ? start : `${start},"open":[${open.join(',')}]`;
}
