// Frees the copy of one body of its content coding, beside the body's way. Short bodies are decoded in
// one go when they are whole; what outgrows 64 KiB or waits 10 s goes through a stream, which works
// while the body passes. Until a piece of the copy has left, the wire's bytes are kept, too: what
// turns out not to be what its label says is on the record as it was. What a format lets a sender hide
// between its content shows by its length alone (docs/evidence.md). Knows nothing of records.
//
// Invariant: a copy that is not all of the body says so, also where a decoder is content: what it did not read is not left out in silence.

import type { Truncation } from '../../shared/audit-event.ts';
import { HeldBytes } from '../../shared/held-bytes.ts';
import { LIMITS } from '../../shared/limits.ts';
import { type Coding, type DecodeStream, decodeNow, decodeStream } from './content-coding.ts';

/** What the decoding streams of one worker take together. */
export type DecoderLoad = { streams: number; waitingBytes: number };

export type DecoderSink = {
  /** Decoded bytes, of wire bytes that came at `sinceMs`; false: no more are wanted. */
  decoded(bytes: Buffer, sinceMs: number): boolean;
  /** It does not decode, and nothing of it has left: the wire's bytes from the first on. */
  asWire(bytes: Buffer): void;
  /** No more will come, and it is not all. */
  cut(reason: Truncation): void;
};

export type DecoderDeps = {
  readonly coding: Coding;
  readonly load: DecoderLoad;
  readonly sink: DecoderSink;
  now(): number;
};

export class CaptureDecoder {
  readonly #deps: DecoderDeps;
  /** Wire bytes that no decoder was given yet, and when the first of them came. */
  readonly #waiting = new HeldBytes();
  #waitingSinceMs = 0;
  /** Wire bytes that a decoder was given, while they may be needed as they were. */
  #given: Buffer[] = [];
  #givenBytes = 0;
  #givenSinceMs = 0;
  #decodedBytes = 0;
  /** Null: no stream was needed so far. */
  #stream: DecodeStream | null = null;
  /** This decoder's share of the load. */
  #loadBytes = 0;
  #isBusy = false;
  #isCommitted = false;
  #isClosing = false;
  #isDone = false;
  #onDone: (() => void) | null = null;

  constructor(deps: DecoderDeps) {
    this.#deps = deps;
  }

  /** Takes the next wire bytes. False: there is no room for them; it is not to be called again. */
  push(chunk: Buffer): boolean {
    const { load } = this.#deps;
    const isStream = this.#stream !== null;
    const isFull =
      this.#waiting.length + chunk.length > LIMITS.decodeWaitingBytes ||
      (isStream && load.waitingBytes + chunk.length > LIMITS.decodeWaitingTotalBytes);
    if (isFull) {
      if (!this.#isCommitted) this.#fail();
      return false;
    }
    if (this.#waiting.length === 0) this.#waitingSinceMs = this.#deps.now();
    this.#waiting.add(chunk);
    if (isStream) {
      this.#count(chunk.length);
      this.#give();
    } else if (this.#waiting.length >= LIMITS.captureHeldBytes) this.#begin(this.#waiting.take());
    return true;
  }

  /** Begins with what has waited for 10 s, so that a slow stream is visible while it runs. */
  sweep(nowMs: number): void {
    if (this.#stream !== null || this.#waiting.length === 0) return;
    if (nowMs - this.#waitingSinceMs >= LIMITS.partAfterMs) this.#begin(this.#waiting.take());
  }

  /** A piece of the decoded copy has left: the wire's bytes cannot take its place any more. */
  commit(): void {
    this.#isCommitted = true;
    this.#given = [];
  }

  /** No byte will follow. Null: that was all; else wait, which takes a bounded time. */
  close(): Promise<void> | null {
    if (this.#isDone) return null;
    if (this.#stream === null) {
      const bytes = this.#waiting.take();
      if (bytes.length === 0 || this.#decodeNow(bytes)) return null;
      this.#begin(bytes);
    }
    this.#isClosing = true;
    this.#give();
    if (this.#isDone) return null;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.stop(), LIMITS.decodeCloseMs);
      this.#onDone = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Ends here and now with what there is. */
  stop(): void {
    if (this.#isDone) return;
    if (this.#stream === null) {
      const bytes = this.#waiting.take();
      if (bytes.length > 0 && !this.#decodeNow(bytes)) this.#fallBack(bytes);
      return;
    }
    const isGiven = !this.#isBusy && this.#waiting.length === 0;
    if (isGiven) this.#onEnd();
    else if (!this.#isCommitted) this.#fail();
    else {
      this.#settle();
      this.#deps.sink.cut('backpressure');
    }
  }

  /** False: it takes longer than one may wait for it. */
  #decodeNow(bytes: Buffer): boolean {
    if (bytes.length > LIMITS.decodeNowBytes) return false;
    const decoded = decodeNow(this.#deps.coding, bytes, LIMITS.decodeNowOutputBytes);
    if (decoded === 'longer') return false;
    if (decoded === 'corrupt' || isMostlyElse(bytes.length, decoded.length)) this.#fallBack(bytes);
    else {
      this.#settle();
      this.#deps.sink.decoded(decoded, this.#waitingSinceMs);
    }
    return true;
  }

  #begin(first: Buffer): void {
    const { load, coding } = this.#deps;
    if (load.streams >= LIMITS.decodeStreams) {
      this.#fallBack(first);
      return;
    }
    load.streams += 1;
    const stream = decodeStream(coding, first);
    this.#stream = stream;
    stream.on('data', (bytes: Buffer) => this.#onDecoded(bytes));
    stream.on('error', () => this.#fail());
    stream.on('end', () => this.#onEnd());
    this.#count(first.length);
    this.#write(first, this.#waitingSinceMs);
  }

  #give(): void {
    if (this.#isBusy || this.#isDone) return;
    if (this.#waiting.length > 0) this.#write(this.#waiting.take(), this.#waitingSinceMs);
    else if (this.#isClosing) this.#stream?.end();
  }

  #write(bytes: Buffer, sinceMs: number): void {
    this.#isBusy = true;
    this.#givenSinceMs = sinceMs;
    this.#givenBytes += bytes.length;
    if (!this.#isCommitted) {
      this.#given.push(bytes);
      // So much has gone in, and not one piece came out.
      if (this.#givenBytes > LIMITS.decodeWaitingBytes) {
        this.#fail();
        return;
      }
    }
    this.#stream?.write(bytes, () => {
      if (this.#isDone) return;
      this.#isBusy = false;
      this.#count(-bytes.length);
      this.#give();
    });
  }

  #onDecoded(bytes: Buffer): void {
    if (this.#isDone) return;
    this.#decodedBytes += bytes.length;
    const isBomb =
      this.#decodedBytes > LIMITS.decodeFreeBytes &&
      this.#decodedBytes > this.#givenBytes * LIMITS.decodeRatio;
    if (!this.#deps.sink.decoded(bytes, this.#givenSinceMs)) this.#settle();
    else if (isBomb) this.#fail();
  }

  /** The decoder sees an end, or none will come: nothing may be left that it did not read. */
  #onEnd(): void {
    if (this.#isDone) return;
    const isRead = this.#stream?.bytesWritten === this.#givenBytes && this.#waiting.length === 0;
    if (isRead && !isMostlyElse(this.#givenBytes, this.#decodedBytes)) this.#settle();
    else this.#fail();
  }

  #fail(): void {
    if (this.#isDone) return;
    if (this.#isCommitted) {
      this.#settle();
      this.#deps.sink.cut('undecodable');
    } else this.#fallBack(Buffer.concat([...this.#given, this.#waiting.take()]));
  }

  #fallBack(bytes: Buffer): void {
    this.#settle();
    this.#deps.sink.asWire(bytes);
  }

  #settle(): void {
    this.#isDone = true;
    this.#given = [];
    this.#waiting.take();
    this.#count(-this.#loadBytes);
    if (this.#stream !== null) {
      this.#deps.load.streams -= 1;
      this.#stream.destroy();
    }
    this.#onDone?.();
  }

  #count(bytes: number): void {
    this.#loadBytes += bytes;
    this.#deps.load.waitingBytes += bytes;
  }
}

/** Formats have room for what is no content (metadata, empty blocks): hardly any honest sender's. */
function isMostlyElse(wireBytes: number, decodedBytes: number): boolean {
  return decodedBytes === 0 || decodedBytes + decodedBytes / 64 + 64 < wireBytes;
}
