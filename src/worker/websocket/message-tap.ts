// The tap on one direction of a WebSocket: which messages went by, beside their path. Each message is
// copied as a body is, by a `Capture` of its own. Bytes that are no frames do not disturb the relay: they are
// copied as they are, and the record says why.
//
// Invariant: each message that went by is in a record: whole, or with a mark, its full length and its SHA-256.

import type { FlowFields, Truncation } from '../../shared/audit-event.ts';
import { HeldBytes } from '../../shared/held-bytes.ts';
import { LIMITS } from '../../shared/limits.ts';
import { CLOSE, FrameRules } from './frame-rules.ts';
import { type FrameHead, FrameWalker } from './frame-walker.ts';
import { Inflater } from './inflater.ts';
import { MergedMessages } from './merged-messages.ts';
import { MessageRecord, type RecordDeps } from './message-record.ts';

export type TapDeps = RecordDeps & {
  /** Why nothing is copied, or null. */
  readonly skip: Truncation | null;
  /** How the messages of this side are compressed; null: they are not. */
  readonly deflate: { readonly takeover: boolean } | null;
};

/** The message that is under way. `held`: compressed, and waiting to be whole. */
type Message = {
  readonly opcode: number;
  /** Null: it shares one, if it stays short. */
  record: MessageRecord | null;
  held: boolean;
};

const NOTHING = Buffer.alloc(0);
const OPCODE = 0x0f;
const RSV1 = 0x40;
const NO_STATUS = 1005;

export class MessageTap {
  readonly #deps: TapDeps;
  readonly #walker: FrameWalker;
  readonly #rules: FrameRules;
  readonly #inflater: Inflater | null;
  #message: Message | null = null;
  /** The payload of a control frame that is under way. */
  #control: { readonly opcode: number; bytes: Buffer } | null = null;
  readonly #merged: MergedMessages;
  /** What came of a message that shares a record and is not compressed. */
  readonly #short = new HeldBytes();
  /** Messages that there is no room for, in one record. */
  #gap: { readonly record: MessageRecord; messages: number } | null = null;
  /** What stands where a frame should. */
  #rest: { readonly record: MessageRecord; readonly reason: string } | null = null;
  #finished = false;

  constructor(deps: TapDeps) {
    const { direction, deflate, load, skip } = deps;
    this.#deps = deps;
    this.#walker = new FrameWalker({
      onHead: (head) => this.#onHead(head),
      onPayload: (bytes) => this.#onPayload(bytes),
      onEnd: () => this.#onFrameEnd(),
    });
    this.#rules = new FrameRules(direction, deflate !== null);
    this.#inflater = deflate === null || skip !== null ? null : new Inflater({ ...deflate, load });
    this.#merged = new MergedMessages({
      now: deps.now,
      emit: (messages, copied) => {
        const record = this.#recordOf(0);
        record.set(copied);
        record.end({ messages });
      },
    });
  }

  /** A frame of leash's own could stand here. */
  get atBoundary(): boolean {
    return this.#rest === null && this.#rules.close === null && this.#walker.atBoundary;
  }

  /** Takes note of the next bytes; the caller forwards them in any case. Never throws. */
  push(chunk: Buffer): void {
    if (this.#finished) return;
    try {
      const walked = this.#rest === null ? this.#walker.push(chunk) : 0;
      if (walked < chunk.length) this.#rest?.record.push(chunk.subarray(walked));
    } catch (error) {
      // What was under way is where the error came from.
      this.#message = null;
      this.#control = null;
      this.#stop(`internal: ${error instanceof Error ? error.message : 'unknown'}`, chunk);
    }
  }

  /** As `Capture.sweep`: a message that comes slowly is visible while it comes. */
  sweep(nowMs: number): void {
    // The other side may last: what this one held is on the record.
    if (this.#finished) return;
    this.#merged.sweep(nowMs);
    const message = this.#message;
    if (message !== null && !message.held) this.#ownRecord(message).sweep(nowMs);
    this.#rest?.record.sweep(nowMs);
  }

  /** Puts the rest on the record; no byte will follow. */
  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#endUnfinished();
    const head = this.#walker.pendingHead;
    if (head.length > 0) this.#stop('unfinished', head);
    this.#merged.end();
    this.#endGap();
    this.#rest?.record.end({ reason: this.#rest.reason });
    this.#rules.destroy();
  }

  #onHead(head: FrameHead): boolean {
    const opcode = head.first & OPCODE;
    if (this.#rules.close !== null)
      return this.#stop('undecodable: after the close frame', head.raw);
    if (!Number.isSafeInteger(head.length)) return this.#stop('undecodable: length', head.raw);
    const problem = this.#rules.judgeHead(head);
    if (problem !== null) return this.#stop(problem, head.raw);
    if (opcode >= CLOSE) this.#control = { opcode, bytes: NOTHING };
    else if (opcode > 0) this.#message = this.#begin(opcode, (head.first & RSV1) !== 0);
    return true;
  }

  #onPayload(bytes: Buffer): void {
    if (this.#control !== null) {
      this.#control.bytes = Buffer.concat([this.#control.bytes, bytes]);
      return;
    }
    const message = this.#message;
    if (message === null || (message.held && this.#inflater?.hold(bytes))) return;
    // Too long to be held: this and what is held of it, as on the wire.
    if (message.held) this.#letGo(message);
    if (message.record !== null) message.record.push(bytes);
    else {
      this.#short.add(bytes);
      if (this.#short.length >= LIMITS.captureHeldBytes) this.#ownRecord(message);
    }
  }

  #onFrameEnd(): void {
    if (this.#control !== null) {
      const { opcode, bytes } = this.#control;
      this.#control = null;
      const problem = this.#rules.judgeControl(bytes);
      this.#endControl(opcode, bytes, problem === null ? {} : { reason: problem });
    } else if (this.#rules.isLast && this.#message !== null) {
      if (this.#message.record === null) this.#merge(this.#message);
      else {
        this.#inflate(this.#message, this.#message.record);
        this.#endMessage(this.#message.record, {});
      }
    }
  }

  #begin(opcode: number, compressed: boolean): Message {
    const gap = this.#gapNow();
    const own = () => (this.#merged.admits() ? this.#recordOf(opcode) : null);
    const record = gap === null ? own() : gap.record;
    return { opcode, record, held: compressed && this.#inflater !== null };
  }

  /** A message that shares a record is whole. */
  #merge(message: Message): void {
    this.#message = null;
    const short = this.#short.take();
    if (!message.held || this.#inflater === null) {
      this.#merged.add({ wire: short, said: short });
      return;
    }
    const wire = this.#inflater.release();
    const plain = this.#inflater.inflate(wire);
    const form = plain === null ? { isCompressed: true } : { isInflated: true };
    this.#merged.add({ wire, said: plain ?? wire, ...form });
  }

  /** Long messages, and those that are slow or not whole, share no record. */
  #ownRecord(message: Message): MessageRecord {
    if (message.record !== null) return message.record;
    message.record = this.#recordOf(message.opcode);
    if (this.#short.length > 0) message.record.push(this.#short.take());
    return message.record;
  }

  /** A held message is whole: its copy is what it says, or else what it is. */
  #inflate(message: Message, record: MessageRecord): void {
    if (!message.held || this.#inflater === null) return;
    const wire = this.#inflater.release();
    const plain = this.#inflater.inflate(wire);
    if (record === this.#gap?.record) record.push(wire);
    else if (plain === null) record.pushCompressed(wire);
    else record.set({ wire, said: plain, isInflated: true });
  }

  /** A held message will not be whole, or is too long: what there is of it, as on the wire. */
  #letGo(message: Message): void {
    if (!message.held || this.#inflater === null) return;
    message.held = false;
    const wire = this.#inflater.release();
    this.#inflater.forget();
    const record = this.#ownRecord(message);
    if (record === this.#gap?.record) record.push(wire);
    else record.pushCompressed(wire);
  }

  #endMessage(record: MessageRecord, fields: FlowFields): void {
    this.#message = null;
    if (record === this.#gap?.record) this.#gap.messages += 1;
    else {
      this.#merged.end();
      record.end(fields);
    }
  }

  #endControl(opcode: number, bytes: Buffer, fields: FlowFields): void {
    const gap = this.#gapNow();
    if (gap !== null) {
      gap.messages += 1;
      gap.record.push(bytes);
      return;
    }
    // The last frame of a side has a code, and what is wrong with one a reason, that no record shares.
    const isShared = opcode !== CLOSE && fields.reason === undefined && !this.#merged.admits();
    if (isShared) {
      this.#merged.add({ wire: bytes, said: bytes });
      return;
    }
    this.#merged.end();
    const record = this.#recordOf(opcode);
    const close = opcode === CLOSE ? this.#rules.close : null;
    record.set({ wire: bytes, said: close?.reason ?? bytes });
    const code = close === null || close.code === NO_STATUS ? {} : { code: close.code };
    record.end({ ...code, ...fields });
  }

  #endUnfinished(): void {
    const fields = { reason: 'unfinished' };
    if (this.#control !== null) this.#endControl(this.#control.opcode, this.#control.bytes, fields);
    this.#control = null;
    if (this.#message === null) return;
    this.#letGo(this.#message);
    this.#endMessage(this.#ownRecord(this.#message), fields);
  }

  /** `bytes` and all that follows are no frames. */
  #stop(reason: string, bytes: Buffer): false {
    this.#endUnfinished();
    this.#merged.end();
    this.#rest ??= { record: this.#recordOf(0), reason };
    this.#rest.record.push(bytes);
    return false;
  }

  /** Where what begins now has to go, while there is no room for records; null: there is. */
  #gapNow() {
    // What is under way in there has to end in there.
    if (this.#gap !== null && this.#message?.record === this.#gap.record) return this.#gap;
    const cut = this.#deps.mustCut();
    if (cut === null) this.#endGap();
    else if (this.#gap === null) {
      this.#merged.end();
      this.#gap = { record: new MessageRecord(this.#deps, 0, cut), messages: 0 };
    }
    return this.#gap;
  }

  #endGap(): void {
    const gap = this.#gap;
    this.#gap = null;
    if (gap !== null && gap.messages > 0) gap.record.end({ messages: gap.messages });
  }

  #recordOf(opcode: number): MessageRecord {
    return new MessageRecord(this.#deps, opcode, this.#deps.skip);
  }
}
