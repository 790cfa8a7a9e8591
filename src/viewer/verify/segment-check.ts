// Looks at the lines of one segment: chain, signatures, what the records of leash itself say about the
// log. Bytes in, a report out, in memory that does not grow with the segment. It knows nothing of the
// other segments, nor of files: judge.ts joins the reports.
//
// Invariant: a checkpoint that is not signed as it stands is never taken for a record like any other.

import { parseLine } from '../../shared/audit-line.ts';
import { type ChainPoint, ChainWalk, type WalkedLine } from '../../shared/chain-walk.ts';
import { type Checkpoint, readCheckpoint } from '../../shared/checkpoint.ts';
import { firstFrom, isKnownLine, type KnownLines, NOTHING_KNOWN } from './known-lines.ts';
import type { Change, Deleted, Finding, SegmentReport } from './segment-report.ts';

/** Newest ones kept: retention deletes oldest first, so it is the newest that prove something. */
const MAX_DELETED = 1_000;
/** A log has one key, or few: what changes more often is named, and not listed to its end. */
const MAX_KEYS = 16;
const MAX_REPORTED = 100;
/** Reasons of `log_recovered` that are losses; a torn tail was put right. */
const REPORTS: ReadonlySet<unknown> = new Set(['damaged', 'missing', 'truncated', 'gone']);
/** Only a checkpoint has this raw: inside of strings, quotes are escaped. */
const SIGNATURE = ',"signature":"';

export type CheckOptions = {
  readonly number: number;
  /** What its first record must continue, where that is known. */
  readonly start?: ChainPoint | undefined;
  readonly known?: KnownLines;
};

export class SegmentCheck {
  readonly #number: number;
  readonly #known: KnownLines;
  readonly #walk: ChainWalk;
  #nextKnown = 0;
  #nextKnownSeq = 0;
  #found = 0;
  #mismatch: { seq: number; offset: number } | null = null;
  #badCheckpoint: Finding | null = null;
  #epochBack: Finding | null = null;
  #badHeader: Finding | null = null;
  #hasHeader = false;
  #hostId = '';
  #checkpoints = 0;
  #signedSeq = 0;
  #keys: Change<string>[] = [];
  #firstEpoch: Change<number> | null = null;
  #epoch = 0;
  #deleted: Deleted[] = [];
  #reported: string[] = [];

  constructor({ number, start, known = NOTHING_KNOWN }: CheckOptions) {
    this.#number = number;
    this.#known = known;
    this.#walk = new ChainWalk(
      { onLine: (line) => this.#see(line), isSigned: (line) => this.#isSigned(line) },
      start === undefined ? undefined : { ...start, offset: 0 },
    );
  }

  /** Bytes behind the last whole line. */
  get tornBytes(): number {
    return this.#walk.tornBytes;
  }

  push(chunk: Buffer): void {
    this.#walk.push(chunk);
  }

  /** Once all bytes were pushed. */
  report(about: { isGrowing?: boolean; unreadable?: string | null } = {}): SegmentReport {
    const walk = this.#walk;
    const isForged = !walk.isLastSigned && walk.lastLine.includes(SIGNATURE);
    const damage = walk.damage(!isForged);
    if (isForged)
      this.#blameCheckpoint(walk.last.seq, walk.lastStart, 'its signature does not fit');
    const findings = [this.#badHeader, this.#badCheckpoint, this.#epochBack];
    const isBefore = <T extends { offset: number }>(place: T | null): place is T =>
      place !== null && place.offset < (damage?.offset ?? Infinity);
    return {
      number: this.#number,
      first: walk.first,
      last: walk.last,
      records: walk.records,
      end: walk.end,
      lastStart: walk.lastStart,
      tornBytes: walk.tornBytes,
      isGrowing: about.isGrowing ?? false,
      hasHeader: this.#hasHeader,
      damage,
      unreadable: about.unreadable ?? null,
      findings: findings.filter(isBefore),
      mismatch: isBefore(this.#mismatch) ? this.#mismatch : null,
      checkpoints: this.#checkpoints,
      signedSeq: this.#signedSeq,
      isLastSigned: walk.isLastSigned,
      keys: this.#keys,
      epochs: this.#firstEpoch === null ? null : { first: this.#firstEpoch, last: this.#epoch },
      deleted: this.#deleted,
      reported: this.#reported,
      found: this.#found,
    };
  }

  #see(line: WalkedLine): void {
    if (line.offset === 0) {
      this.#nextKnown = firstFrom(this.#known, line.seq) - 1;
      this.#advance();
      this.#takeHeader(line);
    }
    while (line.seq >= this.#nextKnownSeq) this.#compare(line);
    if (line.event === 'segment_deleted') this.#takeDeleted(line);
    else if (line.event === 'log_recovered') this.#takeRecovered(line);
  }

  #advance(): void {
    this.#nextKnown += 1;
    this.#nextKnownSeq = this.#known.seqs[this.#nextKnown] ?? Infinity;
  }

  /** A line with a number that somebody kept the line of. */
  #compare({ seq, offset, bytes }: WalkedLine): void {
    if (seq === this.#nextKnownSeq) {
      if (isKnownLine(this.#known, this.#nextKnown, bytes)) this.#found += 1;
      else this.#mismatch ??= { seq, offset };
    }
    this.#advance();
  }

  #takeHeader({ event, seq, offset, bytes }: WalkedLine): void {
    const record = event === 'segment' ? parseLine(bytes.toString()) : null;
    this.#hasHeader = record?.number === this.#number;
    if (!this.#hasHeader) {
      const what = 'the file does not begin with the record of this segment';
      this.#badHeader = { outcome: 'damaged', seq, offset, what };
      return;
    }
    this.#hostId = String(record?.host_id);
    this.#takeEpoch({ value: Number(record?.epoch), seq, offset });
  }

  #isSigned({ seq, offset, bytes }: WalkedLine): boolean {
    const checkpoint = readCheckpoint(bytes);
    if (checkpoint === null) {
      this.#blameCheckpoint(seq, offset, 'its signature does not fit');
      return false;
    }
    const wrong = this.#misplaced(checkpoint, offset);
    if (wrong !== null) {
      this.#blameCheckpoint(seq, offset, wrong);
      return true;
    }
    this.#checkpoints += 1;
    this.#signedSeq = checkpoint.seq;
    if (this.#keys.at(-1)?.value !== checkpoint.key && this.#keys.length < MAX_KEYS) {
      this.#keys.push({ value: checkpoint.key, seq, offset });
    }
    this.#takeEpoch({ value: checkpoint.epoch, seq, offset });
    return true;
  }

  #misplaced(checkpoint: Checkpoint, offset: number): string | null {
    if (checkpoint.size !== offset) return `it was signed at byte ${checkpoint.size}`;
    if (checkpoint.segment !== this.#number) {
      return `it was signed in segment ${checkpoint.segment}`;
    }
    return checkpoint.hostId === this.#hostId ? null : 'it was signed for another host id';
  }

  #blameCheckpoint(seq: number, offset: number, why: string): void {
    const behind = `what changed stands behind record ${this.#signedSeq}`;
    const place = this.#signedSeq > 0 ? `; ${behind}, the last one signed before it` : '';
    this.#badCheckpoint ??= { outcome: 'damaged', seq, offset, what: `checkpoint: ${why}${place}` };
  }

  #takeEpoch(epoch: Change<number>): void {
    this.#firstEpoch ??= epoch;
    if (epoch.value < this.#epoch) {
      const what = `epoch ${epoch.value} behind epoch ${this.#epoch}: the log was set back`;
      this.#epochBack ??= { outcome: 're_signed', seq: epoch.seq, offset: epoch.offset, what };
    }
    this.#epoch = Math.max(this.#epoch, epoch.value);
  }

  #takeDeleted({ bytes }: WalkedLine): void {
    const record = parseLine(bytes.toString());
    const number = Number(record?.number);
    const [firstSeq, lastSeq] = [Number(record?.first_seq), Number(record?.last_seq)];
    const lastHash = String(record?.last_hash);
    if (![number, firstSeq, lastSeq].every(Number.isSafeInteger)) return;
    if (!/^[0-9a-f]{64}$/.test(lastHash)) return;
    this.#deleted.push({ number, firstSeq, lastSeq, lastHash });
    if (this.#deleted.length >= 2 * MAX_DELETED) this.#deleted = this.#deleted.slice(-MAX_DELETED);
  }

  #takeRecovered({ bytes }: WalkedLine): void {
    const record = parseLine(bytes.toString());
    const [file, reason] = [record?.file, record?.reason];
    if (typeof file !== 'string' || !REPORTS.has(reason)) return;
    if (this.#reported.length < MAX_REPORTED) this.#reported.push(file.slice(0, 255));
  }
}
