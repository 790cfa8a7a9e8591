// The segment that is written to: its first records, when it is full, when it is signed, what comes
// after it. Bytes and hashes are segment-writer.ts's; what waits, and for whom, is audit-log.ts's.

import { basename } from 'node:path';
import type { EventName } from '../../shared/audit-event.ts';
import { LIMITS } from '../../shared/limits.ts';
import type { PrimaryMeter } from '../../shared/metric-tables.ts';
import type { Finding, RecoveredLog } from './log-recovery.ts';
import { isDiskFull } from './reserve.ts';
import { segmentHeaders } from './segment-header.ts';
import { BATCH_BYTES, type Entry, SegmentWriter, type Signer } from './segment-writer.ts';

export type LiveSegmentDeps = {
  readonly logPath: string;
  readonly rotateBytes: number;
  readonly recovered: RecoveredLog;
  readonly hostId: string;
  readonly signer: Signer;
  /** How long writing takes is counted here. */
  readonly meter: PrimaryMeter;
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
  /** First records that are not written yet: there may be several, and a disk may be full in between. */
  #headers: readonly Entry[] = [];
  /** What was found when the chain had to go on elsewhere, until it was told. */
  #found: Finding | null = null;

  /** Opens the log where recovery says. Throws where the folder cannot be used. */
  constructor(deps: LiveSegmentDeps) {
    this.#deps = deps;
    this.#unsettled = deps.recovered.unsettled.length > 0;
    this.#writer = new SegmentWriter(deps.logPath, deps.recovered.position);
    if (this.#writer.bytes > 0) return;
    this.#beginHeader();
    try {
      this.#writeHeaders();
    } catch (error) {
      // On a full disk a start says 503, which says more than nothing; it is tried again.
      if (!isDiskFull(error)) throw error;
    }
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
    if (this.#isFull(Math.min(queuedBytes, BATCH_BYTES))) this.#mustRotate = true;
    this.rotateIfDue();
    const most = Math.max(1, LIMITS.checkpointRecords - this.#unsigned);
    return this.#append(entries, most);
  }

  /** The same where there may be no space for what is due; a segment has its first records in any case. */
  appendAlone(entries: readonly Entry[]): number {
    this.#writeHeaders();
    return this.#append(entries, entries.length);
  }

  /** A rotation that is due, or failed before. The last record of a segment is a checkpoint, so that it is signed as a whole. */
  rotateIfDue(): void {
    if (!this.#mustRotate) return;
    if (this.#unsigned > 0) this.checkpoint();
    this.#writer.rotate();
    this.#mustRotate = false;
    this.#beginHeader();
    this.#writeHeaders();
  }

  checkpoint(): void {
    this.#writeHeaders();
    const { hostId, recovered, signer, nextId, now } = this.#deps;
    const facts = { id: nextId(), tsMs: now(), hostId, epoch: recovered.epoch };
    const line = this.#writer.checkpoint(facts, signer);
    this.#unsigned = 0;
    this.#deps.onOwnRecord('checkpoint');
    this.#deps.onCheckpoint(line);
  }

  /**
   * Whether the segment is what was written; where it, or its folder, was taken away or it was changed, the
   * chain goes on in a new one, and this says what was found. Throws where there is no folder.
   */
  findPlace(): Finding | null {
    const state = this.#writer.state();
    if (state !== 'good') {
      const { path, seq, bytes } = this.#writer;
      const isCut = state !== 'gone' && state.size < bytes;
      const reason = state === 'gone' ? 'gone' : isCut ? 'truncated' : 'damaged';
      const offset = state === 'gone' ? bytes : Math.min(bytes, state.size);
      this.#found = { file: basename(path), reason, last_seq: seq, offset };
      this.#writer.rotate();
      this.#mustRotate = false;
      this.#beginHeader();
    }
    this.#writeHeaders();
    const found = this.#found;
    this.#found = null;
    return found;
  }

  /** Resolves when all is on the disk, with the segments that nothing more comes to. */
  async sync(): Promise<number[]> {
    const since = performance.now();
    const sealed = await this.#writer.sync();
    this.#deps.meter.observe('logSync', (performance.now() - since) / 1000);
    return sealed;
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

  #beginHeader(): void {
    const { hostId, recovered, openFlows, nextId, now } = this.#deps;
    const { segment: number } = this.#writer;
    const unsettled = this.#unsettled;
    const facts = { hostId, epoch: recovered.epoch, number, unsettled, flows: openFlows() };
    this.#headers = [...segmentHeaders(facts)].map(
      (members): Entry => ({ event: 'segment', id: nextId(), members, tsMs: now() }),
    );
  }

  /** First records that are due, so that nothing stands in front of them. */
  #writeHeaders(): void {
    while (this.#headers.length > 0) {
      const written = this.#count(this.#writer.append(this.#headers, 0));
      for (const { event } of this.#headers.slice(0, written)) this.#deps.onOwnRecord(event);
      this.#headers = this.#headers.slice(written);
      this.#headerBytes = this.#writer.bytes;
    }
  }

  #append(entries: readonly Entry[], most: number): number {
    const since = performance.now();
    const written = this.#writer.append(entries, 0, most);
    this.#deps.meter.observe('logWrite', (performance.now() - since) / 1000);
    return this.#count(written);
  }

  #count(records: number): number {
    this.#unsigned += records;
    return records;
  }
}
