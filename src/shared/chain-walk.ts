// Walks the lines of one segment and checks that each is the next record of the chain: number, hash
// of the line before, form. Bytes go in, in chunks of any size; nothing is parsed but the start of a
// line, which the primary wrote itself. Pure: whoever calls reads the file. The writer has no part of this.
//
// Invariant: a line that was changed, removed, inserted or moved is named by its number and its place.

import { createHash, type Hash, hash } from 'node:crypto';
import { MAX_RECORD_BYTES } from './audit-event.ts';
import { parseLine } from './audit-line.ts';

/** What a walk continues: the record before the first one. */
export type ChainPoint = { readonly seq: number; readonly prev: string };

/** A whole line that the caller wants to see. `bytes` is a view: copy what is kept. */
export type WalkedLine = {
  readonly event: string;
  readonly seq: number;
  /** Of its first byte in the segment. */
  readonly offset: number;
  readonly bytes: Buffer;
};

export type ChainDamage = {
  /** The first record that is not what it was, or is not there. */
  readonly seq: number;
  /** Where it begins, or would begin, in bytes of the segment. */
  readonly offset: number;
  readonly kind: 'altered' | 'missing';
};

export type WalkHandlers = {
  /** Events whose lines `onLine` is given; all of them when absent. */
  readonly wanted?: ReadonlySet<string>;
  onLine?(line: WalkedLine): void;
  /** Whether the signature of a checkpoint fits: then the line is not to blame for what follows it. */
  isSigned?(line: WalkedLine): boolean;
};

/** A stamp as only the primary writes it (audit-line.ts); `ts` and `event` follow. */
const STAMP = /^\{"seq":(\d{1,15}),"prev":"([0-9a-f]{64})","ts":/;
const SEQ = '{"seq":';
const PREV = ',"prev":"';
const TS = '","ts":';
const EVENT = '"event":"';
/** The stamp ends within so many bytes, and `ts` and the name of the event within `HEAD_BYTES`. */
const STAMP_BYTES = 110;
const HEAD_BYTES = 192;
const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);

/** A line that does not follow: whether it or the one before it is to blame, the next line tells. */
type Suspect = {
  /** null: it is known to be as it was written. */
  readonly before: { readonly seq: number; readonly offset: number } | null;
  readonly line: { readonly seq: number; readonly offset: number };
  readonly kind: ChainDamage['kind'];
};

export class ChainWalk {
  readonly #handlers: WalkHandlers;
  #first: ChainPoint | null = null;
  #seq = 0;
  #prev = '';
  /** False until a first line is known, and behind damage: the next line is taken as it is. */
  #isLinked: boolean;
  #pending: Buffer = NOTHING;
  #tornBytes = 0;
  /** A line that is longer than a record: its bytes are not kept, only hashed. */
  #overlong: Hash | null = null;
  /** The last whole line; within a chunk a view, then a copy. */
  #lastLine: Buffer = NOTHING;
  #isLastSigned = false;
  #end: number;
  #lastStart: number;
  #records = 0;
  #suspect: Suspect | null = null;
  #damage: ChainDamage | null = null;

  /** `start`: what the first line must continue, and its place; absent: the segment's beginning. */
  constructor(handlers: WalkHandlers = {}, start?: ChainPoint & { readonly offset: number }) {
    this.#handlers = handlers;
    this.#isLinked = start !== undefined;
    this.#seq = start?.seq ?? 0;
    this.#prev = start?.prev ?? '';
    this.#end = start?.offset ?? 0;
    this.#lastStart = this.#end;
  }

  /** What the first line says it continues; null: there was no record yet. */
  get first(): ChainPoint | null {
    return this.#first;
  }
  /** Highest number seen, and the hash of the last whole line. */
  get last(): ChainPoint {
    return { seq: this.#seq, prev: this.#prev };
  }
  get records(): number {
    return this.#records;
  }
  /** Byte behind the last newline, and the first byte of the line before it. */
  get end(): number {
    return this.#end;
  }
  get lastStart(): number {
    return this.#lastStart;
  }
  /** Bytes behind the last newline: half a line, which a crash or a copy leaves. */
  get tornBytes(): number {
    return this.#tornBytes;
  }
  /** Without its newline; empty before the first one and where it was too long. Valid until the next `push`. */
  get lastLine(): Buffer {
    return this.#lastLine;
  }
  /** The last line is a checkpoint that `isSigned` vouched for. */
  get isLastSigned(): boolean {
    return this.#isLastSigned;
  }

  /** Takes the next bytes. The chunk may be used again afterwards. */
  push(chunk: Buffer): void {
    let at = 0;
    if (this.#tornBytes > 0) {
      const newline = chunk.indexOf(NEWLINE);
      this.#keep(newline < 0 ? chunk : chunk.subarray(0, newline));
      if (newline < 0) return;
      this.#takeKept();
      at = newline + 1;
    }
    const first = at;
    for (;;) {
      const newline = chunk.indexOf(NEWLINE, at);
      if (newline < 0) break;
      this.#take(chunk.subarray(at, newline));
      at = newline + 1;
    }
    if (at > first) this.#lastLine = Buffer.from(this.#lastLine);
    if (at < chunk.length) this.#keep(chunk.subarray(at));
  }

  /**
   * What is wrong, once all bytes were pushed; null: nothing. `isSound` false: the last line is known
   * not to be as it was written, by a signature that does not fit or by the next segment.
   */
  damage(isSound = true): ChainDamage | null {
    if (this.#damage !== null || this.#records === 0) return this.#damage;
    // Each line is confirmed by the hash in the next one; the last one has to be read.
    const isWhole = isWholeRecord(this.#lastLine);
    if (this.#suspect !== null) this.#resolve(isSound && isWhole);
    else if (!isWhole) this.#blame({ ...this.#lastPlace(), kind: 'altered' });
    return this.#damage;
  }

  #keep(bytes: Buffer): void {
    this.#tornBytes += bytes.length;
    if (this.#overlong === null && this.#tornBytes > MAX_RECORD_BYTES) {
      this.#overlong = createHash('sha256').update(this.#pending);
      this.#pending = NOTHING;
    }
    if (this.#overlong === null) this.#pending = Buffer.concat([this.#pending, bytes]);
    else this.#overlong.update(bytes);
  }

  /** The line that was kept is whole now. */
  #takeKept(): void {
    const [line, bytes, overlong] = [this.#pending, this.#tornBytes, this.#overlong];
    this.#pending = NOTHING;
    this.#tornBytes = 0;
    this.#overlong = null;
    if (overlong === null) {
      this.#take(line);
      return;
    }
    this.#resolve(false);
    this.#blame({ seq: this.#seq + 1, offset: this.#end, kind: 'altered' });
    this.#lastLine = NOTHING;
    this.#advance(bytes, overlong.digest('hex'));
  }

  #take(line: Buffer): void {
    const offset = this.#end;
    const [seq, prev] = [this.#seq, this.#prev];
    const head = line.toString('latin1', 0, HEAD_BYTES);
    const follows = this.#isLinked && isStampOf(head, seq + 1, prev);
    if (follows && line.length < MAX_RECORD_BYTES) {
      if (this.#suspect !== null) this.#resolve(true);
      this.#seq = seq + 1;
      this.#first ??= { seq, prev };
    } else this.#takeStrange(line, offset);
    this.#lastLine = line;
    this.#advance(line.length, hash('sha256', line));
    this.#tell(head, line, offset);
  }

  #advance(bytes: number, digest: string): void {
    this.#prev = digest;
    this.#isLastSigned = false;
    this.#isLinked = true;
    this.#records += 1;
    this.#lastStart = this.#end;
    this.#end += bytes + 1;
  }

  /** A line that is not the next record: the segment's first, or damage. */
  #takeStrange(line: Buffer, offset: number): void {
    const stamp = STAMP.exec(line.toString('latin1', 0, STAMP_BYTES));
    const seq = Number(stamp?.[1]);
    const sound = stamp !== null && line.length < MAX_RECORD_BYTES;
    if (sound && !this.#isLinked && this.#suspect === null && this.#records === 0) {
      this.#first = { seq: seq - 1, prev: stamp[2] ?? '' };
      this.#seq = seq;
      return;
    }
    const expected = this.#seq + 1;
    // It does not confirm the line before it either.
    if (this.#suspect !== null) this.#resolve(false);
    // A newline that came into the line before, or one that was lost behind it.
    else if (this.#damage === null && this.#records > 0 && !isWholeRecord(this.#lastLine)) {
      this.#blame({ ...this.#lastPlace(), kind: 'altered' });
    }
    const isLinked = stamp?.[2] === this.#prev;
    if (!sound || isLinked) this.#blame({ seq: expected, offset, kind: 'altered' });
    else if (this.#damage === null) {
      this.#suspect = {
        before: this.#isLastSigned ? null : this.#lastPlace(),
        line: { seq: expected, offset },
        kind: seq > expected ? 'missing' : 'altered',
      };
    }
    // Behind damage, too: no number is given out twice.
    if (stamp !== null) this.#seq = Math.max(this.#seq, seq);
  }

  /** `confirmed`: a line behind the suspect says that the suspect is as it was written. */
  #resolve(confirmed: boolean): void {
    const suspect = this.#suspect;
    this.#suspect = null;
    if (suspect === null) return;
    const { before, line, kind } = suspect;
    if (!confirmed) this.#blame({ ...line, kind: 'altered' });
    else if (kind === 'missing') this.#blame({ ...line, kind });
    // The first line of all has nothing before it that could be to blame.
    else this.#blame({ ...(before !== null && before.seq > 0 ? before : line), kind });
  }

  #lastPlace(): { seq: number; offset: number } {
    return { seq: this.#seq, offset: this.#lastStart };
  }

  #blame(damage: ChainDamage): void {
    this.#damage ??= damage;
  }

  #tell(head: string, bytes: Buffer, offset: number): void {
    const { onLine, isSigned, wanted } = this.#handlers;
    if (onLine === undefined && isSigned === undefined) return;
    const start = head.indexOf(EVENT) + EVENT.length;
    const event = head.slice(start, head.indexOf('"', start));
    const line = { event, seq: this.#seq, offset, bytes };
    if (event === 'checkpoint') this.#isLastSigned = isSigned?.(line) ?? false;
    if (wanted === undefined || wanted.has(event)) onLine?.(line);
  }
}

/** Piece by piece: to put the whole stamp together first takes longer than all the rest but the hash. */
function isStampOf(head: string, seq: number, prev: string): boolean {
  const digits = String(seq);
  const at = SEQ.length + digits.length;
  return (
    head.startsWith(SEQ) &&
    head.startsWith(digits, SEQ.length) &&
    head.startsWith(PREV, at) &&
    head.startsWith(prev, at + PREV.length) &&
    head.startsWith(TS, at + PREV.length + prev.length)
  );
}

/** A line that was split, or joined with the next one, is no record any more. */
function isWholeRecord(line: Buffer): boolean {
  return line.length < MAX_RECORD_BYTES && parseLine(line.toString()) !== null;
}
