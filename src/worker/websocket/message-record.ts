// A `websocket` record in the making: of a message, of several that have none of their own, or of
// bytes that are no frames. What is copied is a `Capture`'s to say; pieces of it that leave early are
// records of the same event, marked `more`. Knows nothing of frames.

import { createHash } from 'node:crypto';
import type { FlowFields, Truncation } from '../../shared/audit-event.ts';
import { Capture } from '../http/capture.ts';
import type { DecoderLoad } from '../http/capture-decoder.ts';

export type RecordDeps = {
  /** Whose messages these are. */
  readonly direction: 'client' | 'server';
  /** Bytes of a message that are copied at most. */
  readonly limitBytes: number;
  /** Of the worker: what waits to be decoded. */
  readonly load: DecoderLoad;
  /** Why copies must give way: the pipe to the primary, or the disk, is full. Null: they need not. */
  mustCut(): Truncation | null;
  emit(fields: FlowFields): void;
  now(): number;
};

/** One payload, or several one after the other. */
export type Copied = {
  /** As on the wire. */
  readonly wire: Buffer;
  /** The part of it that is copied, or what it says. */
  readonly said: Buffer;
  readonly isInflated?: boolean;
  readonly isCompressed?: boolean;
};

export class MessageRecord {
  readonly #deps: RecordDeps;
  readonly #opcode: number;
  readonly #capture: Capture;
  /** Something in the copy was inflated, or is still compressed; of one message not both. */
  #isInflated = false;
  #isCompressed = false;
  /** The bytes on the wire, where the copy is made of others. */
  #wire: Buffer | null = null;

  /** `opcode` 0: it is not one message. `skip`: why nothing is copied, or null. */
  constructor(deps: RecordDeps, opcode: number, skip: Truncation | null) {
    const { limitBytes, load: decoderLoad, mustCut, now } = deps;
    this.#deps = deps;
    this.#opcode = opcode;
    this.#capture = new Capture({
      dir: 'req',
      limitBytes,
      coding: null,
      decoderLoad,
      skip,
      mustCut,
      emitPart: ({ offset, body, encoding }) => this.#send({ offset, body, encoding, more: true }),
      now,
    });
  }

  /** Takes the next bytes of the payload, as they were on the wire. */
  push(bytes: Buffer): void {
    this.#capture.push(bytes);
  }

  /** The same, of a message whose copy stays compressed. */
  pushCompressed(bytes: Buffer): void {
    this.#isCompressed = true;
    this.#capture.push(bytes);
  }

  /** The whole payload, where the copy is made of other bytes. */
  set({ wire, said, isInflated = false, isCompressed = false }: Copied): void {
    this.#isInflated = isInflated;
    this.#isCompressed = isCompressed;
    this.#wire = wire;
    this.#capture.push(said);
  }

  sweep(nowMs: number): void {
    this.#capture.sweep(nowMs);
  }

  /** Sends the record; once, when no byte will follow. */
  end(fields: FlowFields): void {
    const copy = this.#capture.finish();
    const { req_truncated: truncated, req_parts: parts } = copy;
    // A body that is the payload, bit by bit, says all that its hash would.
    const isWhole = truncated === undefined && parts === 0 && !this.#isInflated;
    const sha256 = () => (this.#wire === null ? copy.req_sha256 : sha256Of(this.#wire));
    this.#send({
      bytes: this.#wire?.length ?? this.#capture.bytes,
      body: copy.req_body || undefined,
      encoding: copy.req_encoding,
      sha256: isWhole ? undefined : sha256(),
      truncated,
      parts: parts || undefined,
      ...fields,
    });
  }

  #send(fields: FlowFields): void {
    this.#deps.emit({
      direction: this.#deps.direction,
      opcode: this.#opcode === 0 ? undefined : this.#opcode,
      ...fields,
      decoded: this.#isInflated ? 'deflate' : undefined,
      compressed: this.#isCompressed ? true : undefined,
    });
  }
}

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
