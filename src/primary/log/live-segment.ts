// The segment that is written to: its first records, when it is full, when it is signed, what comes
// after it. Bytes and hashes are segment-writer.ts's; what waits, and for whom, is audit-log.ts's.

import { basename } from 'node:path';
import type { EventName } from '../../shared/audit-event.ts';
import { LIMITS } from '../../shared/limits.ts';
import type { Finding, RecoveredLog } from './log-recovery.ts';
import { segmentHeaders } from './segment-header.ts';
import { BATCH_BYTES, type Entry, SegmentWriter, type Signer } from './segment-writer.ts';

export type LiveSegmentDeps = {
  readonly logPath: string;
  readonly rotateBytes: number;
  readonly recovered: RecoveredLog;
  readonly hostId: string;
  readonly signer: Signer;
  now(): number;
  nextId(): string;
  openFlows(): Iterable<string>;
  /** A record of the log's own was written. */
  onOwnRecord(event: EventName): void;
  onCheckpoint(line: string): void;
};

export class LiveSegment {
  readonly #deps: LiveSegmentDeps;
  readonly #writer: SegmentWriter;
  /** Bytes of the segment's own first records: one that holds no more is not full. */
  #headerBytes = 0;
  #unsigned = 0;
  #unsettled: boolean;
  #mustRotate = false;

  /** Opens the log where recovery says. Throws where the folder cannot be used. */
  constructor(deps: LiveSegmentDeps) {
    this.#deps = deps;
    this.#unsettled = deps.recovered.unsettled.length > 0;
    this.#writer = new SegmentWriter(deps.logPath, deps.recovered.position);
    if (this.#writer.bytes === 0) this.#writeHeader();
  }

  get path(): string {
    return this.#writer.path;
  }
  get segment(): number {
    return this.#writer.segment;
  }
  get seq(): number {
    return this.#writer.seq;
  }
  get bytes(): number {
    return this.#writer.bytes;
  }
  /** Records since the last checkpoint. */
  get unsigned(): number {
    return this.#unsigned;
  }

  /** What was open before this start has its last record. */
  settled(): void {
    this.#unsettled = false;
  }

  /** Begins a new segment with the next record: nothing is to follow what this one holds. */
  endWithNext(): void {
    this.#mustRotate = true;
  }

  /**
   * Appends as many of the entries as one batch holds, and what is due before them: a checkpoint, a new
   * segment. How many. Throws: none of them.
   */
  append(entries: readonly Entry[], queuedBytes: number): number {
    if (this.#unsigned >= LIMITS.checkpointRecords) this.checkpoint();
    if (this.#mustRotate || this.#isFull(Math.min(queuedBytes, BATCH_BYTES))) this.#rotate();
    const most = Math.max(1, LIMITS.checkpointRecords - this.#unsigned);
    return this.#count(this.#writer.append(entries, 0, most));
  }

  /** The same where there may be no space for what is due. */
  appendAlone(entries: readonly Entry[]): number {
    return this.#count(this.#writer.append(entries, 0));
  }

  checkpoint(): void {
    const { deps, writer } = { deps: this.#deps, writer: this.#writer };
    const { hostId, recovered, signer } = deps;
    const facts = { id: deps.nextId(), tsMs: deps.now(), hostId, epoch: recovered.epoch };
    const line = writer.checkpoint(facts, signer);
    this.#unsigned = 0;
    deps.onOwnRecord('checkpoint');
    deps.onCheckpoint(line);
  }

  /**
   * Whether the segment is where it was; where it was taken away, or its folder, the chain goes on in a
   * new one, and this says what is gone. Throws where there is no folder.
   */
  findPlace(): Finding | null {
    if (this.#writer.isInPlace()) {
      // A rotation that failed half-way: the segment is there, its first record is not.
      if (this.#writer.bytes === 0) this.#writeHeader();
      return null;
    }
    const { path, seq, bytes } = this.#writer;
    this.#writer.rotate();
    this.#writeHeader();
    return { file: basename(path), reason: 'gone', last_seq: seq, offset: bytes };
  }

  /** Resolves when all is on the disk, with the segments that nothing more comes to. */
  sync(): Promise<number[]> {
    return this.#writer.sync();
  }

  close(): void {
    this.#writer.close();
  }

  /** A segment takes at least half its size in records, however long its own first ones are. */
  #isFull(batchBytes: number): boolean {
    const { rotateBytes } = this.#deps;
    const size = Math.max(rotateBytes - this.#headerBytes, rotateBytes / 2);
    const used = this.#writer.bytes - this.#headerBytes;
    return used > 0 && used + batchBytes > size;
  }

  /** The last record of a segment is a checkpoint, so that a finished segment is signed as a whole. */
  #rotate(): void {
    if (this.#unsigned > 0) this.checkpoint();
    this.#writer.rotate();
    this.#mustRotate = false;
    this.#writeHeader();
  }

  #writeHeader(): void {
    const { hostId, recovered, openFlows, nextId, now, onOwnRecord } = this.#deps;
    const { segment: number } = this.#writer;
    const unsettled = this.#unsettled;
    const facts = { hostId, epoch: recovered.epoch, number, unsettled, flows: openFlows() };
    const headers = [...segmentHeaders(facts)].map(
      (members): Entry => ({ event: 'segment', id: nextId(), members, tsMs: now() }),
    );
    for (let done = 0; done < headers.length; ) done += this.#writer.append(headers, done);
    for (const { event } of headers) onOwnRecord(event);
    this.#headerBytes = this.#writer.bytes;
    this.#count(headers.length);
  }

  #count(records: number): number {
    this.#unsigned += records;
    return records;
  }
}
