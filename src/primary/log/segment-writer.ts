// The one writer of one log: gives each record its number, its time and the hash of the line before
// it, and appends whole batches to the live segment. Either all lines of a batch are in the file or
// none: what a failed write left behind is cut off before the next byte. Knows nothing of queues,
// acknowledgements or of what a record means.
//
// Invariant: a record lies in one segment; after any failure the file is cut back to its last whole line.

import { hash } from 'node:crypto';
import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type EventName, MAX_RECORD_BYTES } from '../../shared/audit-event.ts';
import { formatStamp, MAX_STAMP_BYTES } from '../../shared/audit-line.ts';
import { segmentName } from '../../shared/segments.ts';

/** One record before it has its number: members without braces; `tsMs` since 1970. */
export type Entry = {
  readonly event: EventName;
  readonly id: string;
  readonly members: Buffer | string;
  readonly tsMs: number;
};

/** After a failed sync the next one may report success for what was lost: only a new start knows. */
export class SyncFailed extends Error {}

/** What signs checkpoints. */
export type Signer = {
  /** The public key: 32 bytes in hex. */
  readonly key: string;
  /** Bytes → the signature in hex. */
  sign(bytes: Buffer): string;
};

/** What a checkpoint says beside its place in the chain. */
export type CheckpointFacts = {
  readonly id: string;
  readonly tsMs: number;
  readonly hostId: string;
  readonly epoch: number;
};

/** Where a log stands: what the next record continues. */
export type LogPosition = {
  /** Number of the segment to write to, and how much of it is good (0: it is new). */
  readonly segment: number;
  readonly offset: number;
  readonly seq: number;
  readonly prev: string;
};

/** A batch is one write(2): four of the longest records, far more of the usual ones. */
export const BATCH_BYTES = 4 * MAX_RECORD_BYTES;

const sync = promisify(fdatasync);

/** Bytes that a record takes at most, its stamp and newline included. */
export function lineBound(members: Buffer | string): number {
  const length = typeof members === 'string' ? Buffer.byteLength(members) : members.length;
  return MAX_STAMP_BYTES + length;
}

export class SegmentWriter {
  readonly #logPath: string;
  readonly #scratch = Buffer.allocUnsafe(BATCH_BYTES);
  #fd = -1;
  #place = { ino: 0, dev: 0 };
  #path = '';
  #segment: number;
  #offset: number;
  #seq: number;
  #prev: string;
  /** A write failed: the file may be longer than `#offset`. */
  #dirty = false;
  /** Earlier segments that may have bytes which are not on the disk yet. */
  #sealed: { readonly fd: number; readonly segment: number }[] = [];

  /** Opens the segment of `start`, or makes it. Throws where the folder cannot be written. */
  constructor(logPath: string, start: LogPosition) {
    this.#logPath = logPath;
    this.#segment = start.segment;
    this.#offset = start.offset;
    this.#seq = start.seq;
    this.#prev = start.prev;
    this.#open(start.segment);
  }

  /** Path of the live segment. */
  get path(): string {
    return this.#path;
  }
  get segment(): number {
    return this.#segment;
  }
  /** Bytes in the live segment. */
  get bytes(): number {
    return this.#offset;
  }
  /** Number of the last record. */
  get seq(): number {
    return this.#seq;
  }

  /**
   * Whether the live segment is still what was written: a folder can be taken away under a writer, and
   * a file be cut, and what is written behind a cut would stand behind zeros.
   */
  state(): 'good' | 'gone' | { readonly size: number } {
    const stat = statSync(this.#path, { throwIfNoEntry: false });
    const { ino, dev } = this.#place;
    if (stat === undefined || stat.ino !== ino || stat.dev !== dev) return 'gone';
    // What a failed write left is ours to cut.
    return stat.size === this.#offset || this.#dirty ? 'good' : { size: stat.size };
  }

  /** Appends at most `max` entries, as many as one batch holds, from index `from` on; how many. Throws: none. */
  append(entries: readonly Entry[], from: number, max = entries.length): number {
    let seq = this.#seq;
    let prev = this.#prev;
    let length = 0;
    let count = 0;
    for (; count < max && from + count < entries.length; count += 1) {
      const entry = entries[from + count];
      if (entry === undefined || length + lineBound(entry.members) > BATCH_BYTES) break;
      seq += 1;
      const end = this.#stamp(entry, { seq, prev, at: length });
      prev = hash('sha256', this.#scratch.subarray(length, end));
      length = end + this.#scratch.write('\n', end, 'latin1');
    }
    this.#write(length, seq, prev);
    return count;
  }

  /** Appends a signed checkpoint; its line, without the newline. Throws: it is not there. */
  checkpoint({ id, tsMs, hostId, epoch }: CheckpointFacts, { key, sign }: Signer): string {
    const seq = this.#seq + 1;
    const stamp = {
      seq,
      prev: this.#prev,
      tsSeconds: tsMs / 1000,
      event: 'checkpoint',
      id,
    } as const;
    const place = `"segment":${this.#segment},"size":${this.#offset}`;
    const signed = `${formatStamp(stamp)},"host_id":"${hostId}","epoch":${epoch},${place},"key":"${key}"`;
    const line = `${signed},"signature":"${sign(Buffer.from(signed))}"}`;
    const length = this.#scratch.write(`${line}\n`, 'latin1');
    this.#write(length, seq, hash('sha256', line));
    return line;
  }

  /** Begins the next segment; the live one is closed by the next `sync`. Throws: it stays. */
  rotate(): void {
    if (this.#dirty) this.#cutBack();
    const sealed = { fd: this.#fd, segment: this.#segment };
    this.#offset = this.#open(this.#segment + 1);
    this.#sealed.push(sealed);
  }

  /** Resolves when everything appended so far is on the disk, with the segments that nothing more comes to. One at a time. */
  async sync(): Promise<number[]> {
    const live = this.#fd;
    const sealed = this.#sealed;
    this.#sealed = [];
    for (const { fd } of sealed) {
      await sync(fd);
      closeSync(fd);
    }
    await sync(live);
    return sealed.map(({ segment }) => segment);
  }

  /** Writes through to the disk and closes; no `sync` may be under way. */
  close(): void {
    for (const fd of [...this.#sealed.map((sealed) => sealed.fd), this.#fd]) {
      fdatasyncSync(fd);
      closeSync(fd);
    }
  }

  /** Writes one line without its newline into the scratch buffer; the index behind it. */
  #stamp(entry: Entry, { seq, prev, at }: { seq: number; prev: string; at: number }): number {
    const { event, id, members, tsMs } = entry;
    const scratch = this.#scratch;
    const stamp = formatStamp({ seq, prev, tsSeconds: tsMs / 1000, event, id });
    let end = at + scratch.write(stamp, at, 'latin1');
    if (members.length > 0) {
      end += scratch.write(',', end, 'latin1');
      end += typeof members === 'string' ? scratch.write(members, end) : members.copy(scratch, end);
    }
    return end + scratch.write('}', end, 'latin1');
  }

  /** Writes what stands in the scratch buffer: `seq` and `prev` are those of its last line. */
  #write(length: number, seq: number, prev: string): void {
    if (this.#dirty) this.#cutBack();
    try {
      for (let done = 0; done < length; ) {
        done += writeSync(this.#fd, this.#scratch, done, length - done, this.#offset + done);
      }
    } catch (error) {
      this.#dirty = true;
      try {
        this.#cutBack();
      } catch {
        // Tried again before the next byte.
      }
      throw error;
    }
    this.#offset += length;
    this.#seq = seq;
    this.#prev = prev;
  }

  #cutBack(): void {
    ftruncateSync(this.#fd, this.#offset);
    this.#dirty = false;
  }

  /** Opens segment `number` and points `LOG_PATH` at it; its length. */
  #open(number: number): number {
    const path = join(dirname(this.#logPath), segmentName(basename(this.#logPath), number));
    // No O_APPEND: a position is given with each write, so that a cut tail is overwritten.
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o640);
    try {
      const { size, ino, dev } = fstatSync(fd);
      if (number !== this.#segment && size > 0) {
        throw new Error(`${path} exists already and is not empty; another program wrote it`);
      }
      this.#point(path);
      this.#fd = fd;
      this.#place = { ino, dev };
      this.#path = path;
      this.#segment = number;
      return size;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** `LOG_PATH` is a symlink to the live segment; replaced in one step, so `tail -F` follows. */
  #point(path: string): void {
    const temporary = `${this.#logPath}.next`;
    try {
      unlinkSync(temporary);
    } catch {
      // It is there only after a crash between the next two lines.
    }
    symlinkSync(basename(path), temporary);
    renameSync(temporary, this.#logPath);
    const folder = openSync(dirname(path), constants.O_RDONLY);
    try {
      fsyncSync(folder);
    } catch (error) {
      throw new SyncFailed(error instanceof Error ? error.message : String(error));
    } finally {
      closeSync(folder);
    }
  }
}
