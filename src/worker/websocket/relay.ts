// The bytes of a WebSocket, both ways, untouched and with back-pressure, each chunk past a tap after it
// was handed on. Either side may end first and go on reading; silence on both has a limit. The only
// bytes of leash's own are a close frame, when a policy change ends it all. Knows no record.
//
// Invariant: what one side sends is what the other gets; the taps, and their errors, change nothing.

import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { codeOf } from '../../shared/error-code.ts';
import { LIMITS } from '../../shared/limits.ts';

export type FrameTap = {
  push(chunk: Buffer): void;
  /** The bytes so far end with a frame. */
  readonly atBoundary: boolean;
  /** No byte will follow. */
  finish(): void;
};

export type RelayInput = {
  readonly client: Duplex;
  readonly upstream: Duplex;
  /** What came behind the head of the request, and of the 101. */
  readonly clientHead: Buffer;
  readonly upstreamHead: Buffer;
  readonly taps: { readonly client: FrameTap; readonly server: FrameTap };
  readonly idleMs: number;
  /** Called once, when both sides are closed; '': each ended by itself. */
  readonly onEnd: (reason: string) => void;
};

/** One direction: who sends, who gets it. */
type Way = {
  readonly name: 'client' | 'upstream';
  readonly source: Duplex;
  readonly sink: Duplex;
  readonly head: Buffer;
  readonly tap: FrameTap;
  bytes: number;
};

export class WebSocketRelay {
  readonly #toServer: Way;
  readonly #toClient: Way;
  readonly #onEnd: (reason: string) => void;
  #idle: NodeJS.Timeout;
  #reason = '';
  #closing = false;
  #ended = false;

  constructor(input: RelayInput) {
    const { client, upstream, taps } = input;
    const toServer = { source: client, sink: upstream, head: input.clientHead, tap: taps.client };
    const toClient = { source: upstream, sink: client, head: input.upstreamHead, tap: taps.server };
    this.#toServer = { name: 'client', ...toServer, bytes: 0 };
    this.#toClient = { name: 'upstream', ...toClient, bytes: 0 };
    this.#onEnd = input.onEnd;
    this.#idle = this.#silence(input.idleMs);
    for (const way of [this.#toServer, this.#toClient]) this.#watch(way, input.idleMs);
    for (const way of [this.#toServer, this.#toClient]) this.#start(way);
  }

  /** Bytes that were handed to the upstream, and to the client. */
  get bytes(): { readonly toServer: number; readonly toClient: number } {
    return { toServer: this.#toServer.bytes, toClient: this.#toClient.bytes };
  }

  /** Ends both sides at once. */
  end(reason: string): void {
    this.#reason ||= reason;
    for (const { source, tap } of [this.#toServer, this.#toClient]) {
      tap.finish();
      source.destroy();
    }
  }

  /**
   * Ends both sides with a close frame of this code (RFC 6455 7.4), each where a frame may stand now;
   * a side that is in the middle of one is cut. Nothing that is sent from now on goes through.
   */
  closeWith(code: number): void {
    if (this.#closing || this.#ended) return;
    this.#closing = true;
    for (const way of [this.#toServer, this.#toClient]) {
      const { source, sink, tap } = way;
      const mayClose = tap.atBoundary && sink.writable;
      tap.finish();
      if (mayClose) sink.end(closeFrame(code, way === this.#toServer));
      else sink.destroy();
      // Read on, so that its end is noticed.
      source.resume();
    }
    setTimeout(() => this.end('closed'), LIMITS.webSocketCloseMs).unref();
  }

  #silence(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.end('silent for too long'), ms);
  }

  #watch(way: Way, idleMs: number): void {
    const { name, source, sink, tap } = way;
    source.on('error', (error) => {
      this.#reason ||= `${name}: ${codeOf(error)}`;
    });
    source.once('close', () => this.#onClose(way));
    source.once('end', () => {
      tap.finish();
      sink.end();
      // Most that end are gone; the other side has what is left to say, and no more time than that.
      clearTimeout(this.#idle);
      if (!this.#ended) this.#idle = this.#silence(Math.min(idleMs, LIMITS.webSocketHalfMs));
    });
    sink.on('drain', () => source.resume());
    source.on('data', (chunk: Buffer) => this.#pass(way, chunk));
    source.pause();
  }

  #start(way: Way): void {
    const { source, sink, head } = way;
    // It may have come to its end while nobody listened here.
    if (source.destroyed) process.nextTick(() => this.#onClose(way));
    else if (source.readableEnded) sink.end();
    if (head.length > 0) this.#pass(way, head);
    if (!sink.writableNeedDrain) source.resume();
  }

  #pass(way: Way, chunk: Buffer): void {
    const { source, sink, tap } = way;
    if (this.#closing || !sink.writable) return;
    this.#idle.refresh();
    if (!sink.write(chunk)) source.pause();
    way.bytes += chunk.length;
    tap.push(chunk);
  }

  /** The source is closed: what it sent may still be on its way to the other side. */
  #onClose({ name, source, sink, tap }: Way): void {
    tap.finish();
    if (!source.readableEnded) this.#reason ||= `${name}: closed`;
    if (sink.destroyed) this.#finish();
    else if (this.#closing) return;
    else if (!source.readableEnded) sink.destroy();
    else {
      sink.end();
      const timer = setTimeout(() => sink.destroy(), LIMITS.lingerMs);
      sink.once('close', () => clearTimeout(timer));
    }
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#idle);
    for (const { tap } of [this.#toServer, this.#toClient]) tap.finish();
    this.#onEnd(this.#reason);
  }
}

/** RFC 6455 5.5.1; to the server as a client's, masked. */
function closeFrame(code: number, masked: boolean): Buffer {
  const payload = Buffer.from([code >> 8, code & 0xff]);
  if (!masked) return Buffer.concat([Buffer.from([0x88, payload.length]), payload]);
  const mask = randomBytes(4);
  const hidden = payload.map((byte, at) => byte ^ (mask[at] ?? 0));
  return Buffer.concat([Buffer.from([0x88, 0x80 | payload.length]), mask, hidden]);
}
