// A request over HTTP/2, as an exchange sees it: Node's stream behind the interface of
// client-stream.ts. What becomes of the connection is http2-session.ts's to know.

import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Readable, Writable } from 'node:stream';
import { LIMITS } from '../../shared/limits.ts';
import type { AnswerHead, ClientStream, OwnAnswer } from './client-stream.ts';
import type { RawHeaders } from './header-list.ts';
import { watchEnd } from './http2-end.ts';
import { headerObject } from './http2-headers.ts';
import { writeInPieces } from './own-body.ts';
import type { RequestLine } from './request-head.ts';

const { NGHTTP2_NO_ERROR, NGHTTP2_INTERNAL_ERROR } = constants;

/** What a client can make something of; the same that Http1Client passes on. */
const INTERIM = new Set([100, 102, 103]);

export class Http2Client implements ClientStream {
  readonly proto = 'h2';
  // RFC 8441 is not offered: clients ask for WebSocket over HTTP/1.
  readonly webSocket = null;
  readonly line: RequestLine;
  readonly #stream: ServerHttp2Stream;
  readonly #hasEnded: () => boolean;
  readonly #endConnection: () => void;
  #requestTrailers: RawHeaders = [];
  #answerTrailers: RawHeaders = [];
  /** The answer's end is out: nothing of it is lost when the stream is closed. */
  #hasSentEnd = false;
  #isToStop = false;

  /** `endConnection`: for a client whose connection takes no more, which Node says nothing of. */
  constructor(stream: ServerHttp2Stream, line: RequestLine, endConnection: () => void) {
    this.#endConnection = endConnection;
    this.#stream = stream;
    this.line = line;
    this.#hasEnded = watchEnd(stream);
    stream.on('error', ignore);
    stream.on('trailers', (_object, _flags, list?: string[]) => {
      this.#requestTrailers = list ?? [];
    });
    stream.on('wantTrailers', () => {
      // Node ends an answer before it resets its stream: with trailers that are due, the end is not
      // sent. An empty list is an empty DATA frame that ends the stream.
      if (stream.closed) return;
      stream.sendTrailers(headerObject(this.#answerTrailers));
      this.#sentEnd();
    });
  }

  get body(): Readable {
    return this.#stream;
  }

  trailers(): RawHeaders {
    return this.#requestTrailers;
  }

  get isComplete(): boolean {
    return this.#stream.endAfterHeaders || this.#hasEnded();
  }

  get isGone(): boolean {
    return this.#stream.closed || this.#stream.destroyed;
  }

  onGone(listener: () => void): void {
    this.#stream.once('close', listener);
  }

  offGone(listener: () => void): void {
    this.#stream.off('close', listener);
  }

  get isAnswered(): boolean {
    return this.#stream.headersSent || this.isGone;
  }

  get isFinished(): boolean {
    return this.#stream.writableFinished && !this.#stream.aborted;
  }

  inform(status: number, headers: RawHeaders): void {
    // Node throws on others, where an error would end the worker.
    if (this.isAnswered || !INTERIM.has(status)) return;
    this.#stream.additionalHeaders({ ':status': status, ...headerObject(headers) });
  }

  answer({ status, headers, isWhole }: AnswerHead): void {
    // RFC 9110 15.3.6: no content, and Node sends none; a length would promise some.
    const isWanted = (name: string) => status !== 205 || name !== 'content-length';
    const object = { ':status': status, ...headerObject(headers, isWanted) };
    const options = { endStream: isWhole, waitForTrailers: !isWhole, sendDate: false };
    this.#stream.respond(object, options);
    if (isWhole) this.#stream.once('finish', () => this.#sentEnd());
  }

  #sentEnd(): void {
    this.#hasSentEnd = true;
    if (this.#isToStop) this.#stop();
  }

  /** A head waits for nothing in HTTP/2. */
  flush(): void {}

  get sink(): Writable {
    return this.#stream;
  }

  setTrailers(trailers: RawHeaders): void {
    this.#answerTrailers = trailers;
  }

  onFinished(listener: () => void): void {
    this.#stream.once('finish', () => {
      // Node ends an answer that the client has reset, too.
      if (!this.#stream.aborted) listener();
    });
  }

  refuse({ status, headers, body }: OwnAnswer): void {
    this.answer({ status, phrase: '', headers, isWhole: false });
    writeInPieces(this.#stream, body, (rest) => this.#stream.end(rest));
    if (!this.isComplete) this.discardRest();
  }

  abort(code: number = NGHTTP2_INTERNAL_ERROR): void {
    const stream = this.#stream;
    if (!stream.closed) stream.close(code);
    if (stream.destroyed) return;
    const timer = setTimeout(this.#endConnection, LIMITS.lingerMs);
    stream.once('close', () => clearTimeout(timer));
  }

  // RFC 9113 8.1: whoever has been answered may be asked to stop its upload.
  discardRest(): void {
    const stream = this.#stream;
    stream.removeAllListeners('data');
    stream.resume();
    this.#isToStop = true;
    if (this.#hasSentEnd) this.#stop();
  }

  #stop(): void {
    setImmediate(() => this.abort(NGHTTP2_NO_ERROR));
  }
}

function ignore(): void {}
