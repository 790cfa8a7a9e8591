// The record as the rest of the primary sees it: append, be told when it is written, know whether it
// can be written at all. One write per turn of the event loop takes everything that came in it.
// Files, numbers and hashes are segment-writer.ts's; what a start finds on disk is log-recovery.ts's.
//
// While the log cannot be written, what ends a flow is still written where there is room (the reserve
// of a full disk), nothing new is let pass, and every 250 ms it is tried again.

import { basename, dirname, join } from 'node:path';
import { type EventName, MAX_RECORD_BYTES, type PrimaryEvent } from '../../shared/audit-event.ts';
import { formatMembers } from '../../shared/audit-line.ts';
import type { Config } from '../../shared/config.ts';
import { LIMITS } from '../../shared/limits.ts';
import type { PrimaryMeter } from '../../shared/metric-tables.ts';
import { reserveFileName } from '../../shared/segments.ts';
import type { StatusTotals } from '../../shared/status.ts';
import { GroupSync } from './group-sync.ts';
import { LiveSegment } from './live-segment.ts';
import { LogHealth } from './log-health.ts';
import type { RecoveredLog } from './log-recovery.ts';
import { RecordQueue } from './record-queue.ts';
import { RecordTotals } from './record-totals.ts';
import { isDiskFull, Reserve } from './reserve.ts';
import { lineBound, type Signer, SyncFailed } from './segment-writer.ts';

export type AuditLogDeps = Pick<Config, 'logPath' | 'rotateBytes' | 'audit'> & {
  readonly recovered: RecoveredLog;
  readonly hostId: string;
  readonly signer: Signer;
  /** How long writing takes is counted here. */
  readonly meter: PrimaryMeter;
  /** Milliseconds since 1970. */
  now(): number;
  /** One JSON object per flow that is open now. */
  openFlows(): Iterable<string>;
  /** The log cannot be written, and why; empty: it can again. */
  onHealth(problem: string): void;
  /** Not even what ends the running flows can be written. */
  onStuck(): void;
  onCheckpoint(line: string): void;
  /** The live segment was changed or taken away, perhaps with its folder: the chain goes on in a new one. */
  onMoved(): void;
  /** Nothing more comes to these segments, and all of them is on the disk. */
  onSealed(segments: readonly number[]): void;
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
  /**
   * `onWritten`: the record is in the file (`durable`: on the disk). `onWithdrawn`: it is not, and
   * will not be: the log cannot be written. `members` of a flow name no worker: its id does. Throws on one too long.
   */
  append(
    event: EventName,
    id: string,
    members: Buffer | string,
    onWritten?: () => void,
    onWithdrawn?: () => void,
  ): void;
  /** Counts a refused request in the place of its record, while there is no room for one. */
  countRefused(): void;
  /** So much waits that no more should be read; `resume` is called, once, when it does not. */
  pauseFor(resume: () => void): boolean;
  /** A record of the primary's own; its id has worker 0. */
  note(event: PrimaryEvent, fields: object): void;
  /** The same; resolves when it is on the disk. */
  noteOnDisk(event: PrimaryEvent, fields: object): Promise<void>;
  /** Nothing new may pass, for this reason; empty: it may again. What runs is recorded. */
  forbid(reason: string): void;
  /** What was open before this start has its last record. */
  settled(): void;
  /** Begins a new segment with the next record: nothing is to follow what this one holds. */
  rotate(): void;
  healthy(): boolean;
  status(): LogStatus;
  /** Records of this start by event. */
  counts(): Readonly<Record<string, number>>;
  totals(): StatusTotals;
  /** Bytes of records that wait to be written. */
  waitingBytes(): number;
  /** Seconds of the suspension of now, which are not in `totals` yet. */
  suspendedS(): number;
  /** Writes all that waits, now. */
  flush(): void;
  /** Flushes, signs, writes through to the disk, closes. Gives what could not be written; '' = nothing. */
  close(): Promise<string>;
};

/** Opens the log where recovery says. Throws where the folder cannot be used. */
export function openAuditLog(deps: AuditLogDeps): AuditLog {
  const { logPath, now } = deps;
  const { epoch, findings } = deps.recovered;
  const queue = new RecordQueue();
  const reserve = new Reserve(join(dirname(logPath), reserveFileName(basename(logPath))));
  const counts = new Map<EventName, number>();
  const totals = new RecordTotals();
  let notes = 0;
  let scheduled = false;
  let closed = false;
  let isStuck = false;
  let retry: NodeJS.Timeout | null = null;
  let checkpointTimer: NodeJS.Timeout | null = null;
  const live = new LiveSegment({ ...deps, nextId, onOwnRecord: count, onCheckpoint });
  const sync = new GroupSync({
    sync: () => live.sync(),
    onSealed: deps.onSealed,
    onFailed: deps.onFatal,
  });
  const health = new LogHealth({
    now,
    onHealth: deps.onHealth,
    onEnded: (fields) => note('audit_suspended', fields),
  });

  for (const finding of findings) note('log_recovered', finding);
  write();

  function append(
    event: EventName,
    id: string,
    members: Buffer | string,
    onWritten?: () => void,
    onWithdrawn?: () => void,
  ): void {
    const bytes = lineBound(members);
    if (bytes > MAX_RECORD_BYTES) throw new RangeError(`record of ${bytes} bytes`);
    if (!queue.push({ event, id, members, tsMs: now(), onWritten, onWithdrawn })) {
      const { problem } = health;
      deps.onFatal(new Error(`${queue.bytes} bytes wait and cannot be written (${problem})`));
      return;
    }
    if (scheduled || health.problem !== '') return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      // After a failure it is tried again in time, not with each record that comes.
      if (health.problem === '') write();
    });
  }

  function note(event: PrimaryEvent, fields: object, onWritten?: () => void): void {
    append(event, nextId(), formatMembers(fields), onWritten);
  }

  function nextId(): string {
    notes += 1;
    return `${epoch}-0-${notes}`;
  }

  function count(event: EventName): void {
    counts.set(event, (counts.get(event) ?? 0) + 1);
  }

  function write(): void {
    if (closed) return;
    try {
      const found = live.findPlace();
      if (found !== null) {
        note('log_recovered', found);
        deps.onMoved();
        // It may have been in the folder that was taken away.
        reserve.release();
      }
      drain();
      if (health.problem === '' && reserve.isHeld) return;
      // What failed has to succeed before anything new may pass.
      live.rotateIfDue();
      reserve.take();
      isStuck = false;
      health.setProblem('');
      drain();
    } catch (error) {
      suspend(error);
    }
  }

  /** Writes what waits; while there is a problem, nothing but that. */
  function drain(): void {
    while (queue.length > 0) {
      const isWell = health.problem === '';
      const written = isWell
        ? live.append(queue.entries, queue.bytes)
        : live.appendAlone(queue.entries);
      settle(written);
    }
  }

  /** Takes the first `written` of the queue out and tells who waits for them. */
  function settle(written: number): void {
    for (const { event, members, onWritten } of queue.take(written)) {
      count(event);
      totals.add(event, members);
      if (onWritten === undefined) continue;
      if (deps.audit === 'durable') sync.now(onWritten);
      else onWritten();
    }
    sync.soon();
    checkpointTimer ??= setTimeout(() => {
      checkpointTimer = null;
      // Behind a cut that somebody made, nothing is signed.
      write();
      if (health.problem === '') sign();
    }, LIMITS.checkpointMs);
  }

  function onCheckpoint(line: string): void {
    if (checkpointTimer !== null) clearTimeout(checkpointTimer);
    checkpointTimer = null;
    // Whoever keeps it may hold it against the log: what it speaks of has to be on the disk.
    sync.now(() => deps.onCheckpoint(line));
  }

  function sign(): void {
    if (closed || live.unsigned === 0) return;
    try {
      live.checkpoint();
    } catch (error) {
      suspend(error);
    }
  }

  function suspend(error: unknown): void {
    if (error instanceof SyncFailed) {
      deps.onFatal(error);
      return;
    }
    const first = health.problem === '';
    if (isDiskFull(error)) reserve.release();
    retry ??= setTimeout(() => {
      retry = null;
      write();
    }, LIMITS.logRetryMs);
    if (first) {
      const why = error instanceof Error ? error.message : String(error);
      health.setProblem(`Cannot write ${live.path}: ${why}`);
      // Nothing was sent on for these: whoever waits hears no, now.
      queue.withdraw();
      try {
        drain();
      } catch {
        // Tried again with all the rest.
      }
    } else if (queue.length > 0 && !isStuck) {
      isStuck = true;
      deps.onStuck();
    }
  }

  return {
    epoch,
    append,
    countRefused: () => health.countRefused(),
    pauseFor: (resume) => queue.pauseFor(resume),
    note,
    noteOnDisk: (event, fields) =>
      new Promise((resolve) => note(event, fields, () => sync.now(resolve))),
    forbid: (reason) => health.forbid(reason),
    settled: () => live.settled(),
    rotate: () => live.endWithNext(),
    healthy: () => health.reason === '',
    status: () => ({
      healthy: health.reason === '',
      problem: health.reason,
      segment: live.segment,
      seq: live.seq,
      bytes: live.bytes,
    }),
    counts: () => Object.fromEntries(counts),
    totals: () => totals.get(),
    waitingBytes: () => queue.bytes,
    suspendedS: () => health.suspendedS,
    flush: write,
    async close() {
      write();
      // The last words are for the reserve, too: from when, and how many were refused.
      const { problem, reason } = health;
      if (reason !== '') health.conclude();
      if (queue.length > 0) write();
      if (queue.length === 0) sign();
      await sync.close();
      for (const timer of [retry, checkpointTimer]) if (timer !== null) clearTimeout(timer);
      closed = true;
      live.close();
      reserve.release();
      return queue.length === 0 ? '' : `${queue.length} records could not be written: ${problem}`;
    },
  };
}
