// The tap on one direction of an exchange: counts, hashes and copies body bytes beside their path.
// It never holds a byte back from the receiver and never changes one; it may only copy less, and
// then says so. Knows nothing of sockets and HTTP.
//
// Invariant: a tap never delays, changes or reorders a client's bytes.
// Invariant: nothing is cut silently: a shortened copy carries a mark, the full length and the SHA-256.

import { isUtf8 } from 'node:buffer';
import { createHash, type Hash } from 'node:crypto';
import type { FlowFields, Truncation } from '../../shared/audit-event.ts';
import { LIMITS } from '../../shared/limits.ts';

export type CaptureDeps = {
  readonly dir: 'req' | 'res';
  /** Bytes of the body that are copied at most. */
  readonly limitBytes: number;
  /** Why nothing is copied, or null. */
  readonly skip: Truncation | null;
  /** Why copies must give way: the pipe to the primary, or the disk, is full. Null: they need not. */
  mustCut(): Truncation | null;
  emitPart(fields: FlowFields): void;
  now(): number;
};

const NOTHING = Buffer.alloc(0);
/** Chunks from this size on are kept as they are; 64 KiB hold at most 16 of them. */
const OWN_BYTES = 4096;

export class Capture {
  readonly #deps: CaptureDeps;
  readonly #hash: Hash = createHash('sha256');
  /** What is held: large chunks as they came, small ones joined in `#tail`. */
  #held: Buffer[] = [];
  #tail: Buffer = NOTHING;
  #tailBytes = 0;
  #heldBytes = 0;
  #heldSinceMs = 0;
  #sentBytes = 0;
  #parts = 0;
  #bytes = 0;
  #truncated: Truncation | null = null;

  constructor(deps: CaptureDeps) {
    this.#deps = deps;
  }

  /** Body bytes seen so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes note of the next chunk; the caller forwards it in any case. */
  push(chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.#hash.update(chunk);
    if (this.#truncated !== null) return;
    if (this.#deps.skip !== null) {
      this.#truncated = this.#deps.skip;
      return;
    }
    this.#truncated = this.#deps.mustCut();
    if (this.#truncated !== null) return;
    const room = this.#deps.limitBytes - this.#sentBytes - this.#heldBytes;
    if (chunk.length > room) this.#truncated = 'limit';
    this.#hold(chunk.subarray(0, Math.max(0, room)));
  }

  /** Sends what has waited for 10 s as a part, so that a slow stream is visible while it runs. */
  sweep(nowMs: number): void {
    if (this.#heldBytes > 0 && nowMs - this.#heldSinceMs >= LIMITS.partAfterMs) this.#emit(false);
  }

  /** Sends all that is held as parts, when the record would be too long with it. */
  spill(): void {
    while (this.#heldBytes > 0) this.#emit(true);
  }

  /** The record's fields about this direction. Call once, when no byte will follow. */
  finish(): FlowFields {
    if (this.#deps.mustCut() === 'record_full') this.#drop();
    if (this.#parts > 0) this.spill();
    return fieldsOf(this.#deps.dir, {
      piece: this.#heldBytes > 0 ? encodePiece(this.#join()) : null,
      sha256: this.#bytes > 0 ? this.#hash.copy().digest('hex') : '',
      truncated: this.#truncated,
      parts: this.#parts,
    });
  }

  /** The last space on the disk is for what ends the flows, not for what was in them. */
  #drop(): void {
    if (this.#heldBytes === 0) return;
    this.#truncated = 'record_full';
    this.#held = [];
    this.#tail = NOTHING;
    this.#tailBytes = 0;
    this.#heldBytes = 0;
  }

  #hold(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#heldBytes >= LIMITS.captureHeldBytes) this.#emit(false);
      const taken = rest.subarray(0, LIMITS.captureHeldBytes - this.#heldBytes);
      if (this.#heldBytes === 0) this.#heldSinceMs = this.#deps.now();
      // A small view would keep the whole read buffer behind it alive.
      const isSmall = taken.buffer.byteLength > taken.length * 2;
      if (isSmall || taken.length < OWN_BYTES) this.#append(taken);
      else {
        this.#sealTail();
        this.#held.push(taken);
      }
      this.#heldBytes += taken.length;
      rest = rest.subarray(taken.length);
    }
  }

  /** Copies: a body that comes byte by byte must not cost an object for each. */
  #append(chunk: Buffer): void {
    if (this.#tailBytes + chunk.length > this.#tail.length) {
      const grown = Buffer.allocUnsafe(
        Math.min(
          LIMITS.captureHeldBytes,
          Math.max(this.#tailBytes + chunk.length, this.#tail.length * 2),
        ),
      );
      this.#tail.copy(grown, 0, 0, this.#tailBytes);
      this.#tail = grown;
    }
    chunk.copy(this.#tail, this.#tailBytes);
    this.#tailBytes += chunk.length;
  }

  #sealTail(): void {
    if (this.#tailBytes > 0) this.#held.push(this.#tail.subarray(0, this.#tailBytes));
    this.#tail = NOTHING;
    this.#tailBytes = 0;
  }

  #join(): Buffer {
    this.#sealTail();
    const [first, ...others] = this.#held;
    return first !== undefined && others.length === 0 ? first : Buffer.concat(this.#held);
  }

  #emit(all: boolean): void {
    const bytes = this.#join();
    const length = all ? bytes.length : wholeCharacters(bytes);
    const piece = encodePiece(bytes.subarray(0, length));
    this.#deps.emitPart({
      dir: this.#deps.dir,
      offset: this.#sentBytes,
      body: piece.body,
      ...(piece.base64 ? { encoding: 'base64' } : {}),
    });
    this.#parts += 1;
    this.#sentBytes += length;
    this.#held = length < bytes.length ? [bytes.subarray(length)] : [];
    this.#heldBytes = bytes.length - length;
    this.#heldSinceMs = this.#deps.now();
  }
}

type Piece = { readonly body: string; readonly base64: boolean };

/** Text stays text, so that `grep` finds it; what is not UTF-8 or grows too much becomes base64. */
function encodePiece(bytes: Buffer): Piece {
  if (isUtf8(bytes)) {
    const body = bytes.toString('utf8');
    if (!hasManyControls(body)) return { body, base64: false };
  }
  return { body: bytes.toString('base64'), base64: true };
}

/** A control character takes six bytes in JSON: with more than one in eight, base64 is shorter. */
function hasManyControls(body: string): boolean {
  if (!/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(body)) return false;
  const controls = body.match(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g)?.length ?? 0;
  return controls * 8 > body.length;
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
  readonly sha256: string;
  readonly truncated: Truncation | null;
  readonly parts: number;
};

function fieldsOf(dir: 'req' | 'res', facts: Facts): FlowFields {
  const fields: Record<string, unknown> = {};
  if (facts.piece !== null) fields[`${dir}_body`] = facts.piece.body;
  if (facts.piece?.base64) fields[`${dir}_encoding`] = 'base64';
  if (facts.sha256 !== '') fields[`${dir}_sha256`] = facts.sha256;
  if (facts.truncated !== null) fields[`${dir}_truncated`] = facts.truncated;
  if (facts.parts > 0) fields[`${dir}_parts`] = facts.parts;
  return fields;
}
