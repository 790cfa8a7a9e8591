// The tap on one direction of an exchange: counts, hashes and copies body bytes beside their path.
// It never holds a byte back from the receiver and never changes one; it may only copy less, and
// then says so. Counts and hash are of the wire's bytes; the copy is decoded where there is a coding.
// Knows nothing of sockets and HTTP.
//
// Invariant: a tap never delays, changes or reorders a client's bytes.
// Invariant: nothing is cut silently: a shortened copy carries a mark, the full length and the SHA-256.

import { isUtf8 } from 'node:buffer';
import type { FlowFields, Truncation } from '../../shared/audit-event.ts';
import { HeldBytes } from '../../shared/held-bytes.ts';
import { LIMITS } from '../../shared/limits.ts';
import { countControls } from '../../shared/text-scan.ts';
import { BodyHash } from './body-hash.ts';
import { CaptureDecoder, type DecoderLoad } from './capture-decoder.ts';
import type { Coding } from './content-coding.ts';

export type CaptureDeps = {
  readonly dir: 'req' | 'res';
  /** Bytes of the copy at most. */
  readonly limitBytes: number;
  /** What the copy is freed of; null: it is of the wire's bytes. */
  readonly coding: Coding | null;
  readonly decoderLoad: DecoderLoad;
  /** Why nothing is copied, or null. */
  readonly skip: Truncation | null;
  /** Why copies must give way: the pipe to the primary, or the disk, is full. Null: they need not. */
  mustCut(): Truncation | null;
  emitPart(fields: FlowFields): void;
  now(): number;
};

export class Capture {
  readonly #deps: CaptureDeps;
  readonly #hash = new BodyHash();
  readonly #held = new HeldBytes();
  #heldSinceMs = 0;
  readonly #beganMs: number;
  #sentBytes = 0;
  #parts = 0;
  #bytes = 0;
  #truncated: Truncation | null = null;
  readonly #decoder: CaptureDecoder | null;
  /** The body is not coded as it says: the copy is of the wire's bytes. */
  #isWire: boolean;
  #isClosed = false;

  constructor(deps: CaptureDeps) {
    this.#deps = deps;
    this.#beganMs = deps.now();
    this.#isWire = deps.coding === null;
    this.#decoder = deps.coding === null ? null : this.#openDecoder(deps.coding);
  }

  /** Body bytes seen so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes note of the next chunk; the caller forwards it in any case. */
  push(chunk: Buffer): void {
    if (this.#isClosed) return;
    this.#bytes += chunk.length;
    this.#hash.update(chunk);
    if (this.#truncated !== null) return;
    this.#truncated = this.#deps.skip ?? this.#deps.mustCut();
    if (this.#truncated !== null) {
      // Where copies must give way, this one must, too.
      this.#hash.letGo();
      return;
    }
    if (this.#decoder === null || this.#isWire) this.#copy(chunk, null);
    else if (!this.#decoder.push(chunk)) {
      if (this.#isWire) this.#copy(chunk, null);
      else this.#truncated = 'backpressure';
    }
  }

  /** Sends what has waited for 10 s as a part, so that a slow stream is visible while it runs. */
  sweep(nowMs: number): void {
    this.#decoder?.sweep(nowMs);
    if (nowMs - this.#beganMs >= LIMITS.partAfterMs) this.#hash.letGo();
    if (this.#held.length > 0 && nowMs - this.#heldSinceMs >= LIMITS.partAfterMs) this.#emit(false);
  }

  /** Sends all that is held as parts, when the record would be too long with it. */
  spill(): void {
    while (this.#held.length > 0) this.#emit(true);
  }

  /**
   * No byte will follow. Null: `finish` may be called at once; else it should wait for this, which
   * takes a bounded time: a decoder is still at work. Call once.
   */
  close(): Promise<void> | null {
    this.#isClosed = true;
    if (this.#decoder === null) return null;
    if (this.#deps.mustCut() === null) return this.#decoder.close();
    this.#decoder.stop();
    return null;
  }

  /** The record's fields about this direction, with what there is by now. */
  finish(): FlowFields {
    this.#decoder?.stop();
    if (this.#deps.mustCut() === 'record_full') this.#drop();
    if (this.#parts > 0) this.spill();
    return fieldsOf(this.#deps.dir, {
      piece: this.#held.length > 0 ? encodePiece(this.#held.join()) : null,
      decoded: this.#isWire || this.#sentBytes + this.#held.length === 0 ? null : this.#deps.coding,
      sha256: this.#hash.digest(),
      truncated: this.#truncated,
      parts: this.#parts,
    });
  }

  /** The last space on the disk is for what ends the flows, not for what was in them. */
  #drop(): void {
    if (this.#held.length === 0) return;
    this.#truncated = 'record_full';
    this.#held.take();
  }

  #openDecoder(coding: Coding): CaptureDecoder {
    const { decoderLoad: load, now } = this.#deps;
    return new CaptureDecoder({
      coding,
      load,
      now,
      sink: {
        decoded: (bytes, sinceMs) => this.#copy(bytes, sinceMs),
        asWire: (bytes) => {
          this.#isWire = true;
          this.#held.take();
          this.#copy(bytes, null);
        },
        cut: (reason) => {
          this.#truncated ??= reason;
        },
      },
    });
  }

  /** `sinceMs`: when it came; null: now. False: the copy has its end here. */
  #copy(bytes: Buffer, sinceMs: number | null): boolean {
    const room = this.#deps.limitBytes - this.#sentBytes - this.#held.length;
    if (bytes.length > room) this.#truncated ??= 'limit';
    return this.#hold(bytes.subarray(0, Math.max(0, room)), sinceMs) && bytes.length <= room;
  }

  #hold(chunk: Buffer, sinceMs: number | null): boolean {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#held.length >= LIMITS.captureHeldBytes) {
        // A decoder may give many pieces for one chunk.
        const cut = this.#deps.mustCut();
        this.#truncated ??= cut;
        if (cut !== null) return false;
        this.#emit(false);
      }
      const taken = rest.subarray(0, LIMITS.captureHeldBytes - this.#held.length);
      if (this.#held.length === 0) this.#heldSinceMs = sinceMs ?? this.#deps.now();
      this.#held.add(taken);
      rest = rest.subarray(taken.length);
    }
    return true;
  }

  #emit(all: boolean): void {
    this.#decoder?.commit();
    const bytes = this.#held.take();
    const length = all ? bytes.length : wholeCharacters(bytes);
    const piece = encodePiece(bytes.subarray(0, length));
    this.#deps.emitPart({
      dir: this.#deps.dir,
      offset: this.#sentBytes,
      body: piece.body,
      encoding: piece.base64 ? 'base64' : undefined,
    });
    this.#parts += 1;
    this.#sentBytes += length;
    if (length < bytes.length) this.#held.add(bytes.subarray(length));
    this.#heldSinceMs = this.#deps.now();
  }
}

type Piece = { readonly body: string; readonly base64: boolean };

/** Text stays text, so that `grep` finds it; what is not UTF-8 or grows too much becomes base64. */
function encodePiece(bytes: Buffer): Piece {
  if (isUtf8(bytes)) {
    // A control character takes six bytes in JSON: with more than one in eight, base64 is shorter.
    if (countControls(bytes) * 8 <= bytes.length) {
      return { body: bytes.toString('utf8'), base64: false };
    }
  }
  return { body: bytes.toString('base64'), base64: true };
}

/** Length without a UTF-8 sequence that the end of the buffer cuts (RFC 3629: four bytes at most). */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back < bytes.length; back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte >= 0xc0) {
      const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needs > back ? bytes.length - back : bytes.length;
    }
  }
  return bytes.length;
}

type Facts = {
  readonly piece: Piece | null;
  readonly decoded: Coding | null;
  readonly sha256: string;
  readonly truncated: Truncation | null;
  readonly parts: number;
};

function fieldsOf(dir: 'req' | 'res', facts: Facts): FlowFields {
  const { piece, sha256, parts } = facts;
  const body = piece?.body ?? '';
  const encoding = piece?.base64 ? 'base64' : undefined;
  const decoded = facts.decoded ?? undefined;
  const truncated = facts.truncated ?? undefined;
  // Names that were put together would make the object slow.
  return dir === 'req'
    ? {
        req_body: body,
        req_encoding: encoding,
        req_decoded: decoded,
        req_sha256: sha256,
        req_truncated: truncated,
        req_parts: parts,
      }
    : {
        res_body: body,
        res_encoding: encoding,
        res_decoded: decoded,
        res_sha256: sha256,
        res_truncated: truncated,
        res_parts: parts,
      };
}
