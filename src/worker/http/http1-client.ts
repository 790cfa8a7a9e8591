// A request over HTTP/1, as an exchange sees it: Node's pair of message objects behind the interface
// of client-stream.ts.

import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex, Readable, Writable } from 'node:stream';
import { LIMITS } from '../../shared/limits.ts';
import { parseHandshake } from '../websocket/handshake.ts';
import type { AnswerHead, ClientStream, OwnAnswer, WebSocketOffer } from './client-stream.ts';
import { headerPairs, type RawHeaders, valuesOf } from './header-list.ts';
import { writeInPieces } from './own-body.ts';
import type { RequestLine } from './request-head.ts';

export class Http1Client implements ClientStream {
  readonly proto = 'h1';
  readonly line: RequestLine;
  readonly webSocket: WebSocketOffer | null;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;

  /** `behind`: the connection was handed over with the request, and these bytes of it were read. */
  constructor(request: IncomingMessage, response: ServerResponse, behind: Buffer | null = null) {
    this.#request = request;
    this.#response = response;
    const { method = '', url = '', httpVersion, rawHeaders: headers } = request;
    this.line = { method, url, httpVersion, headers };
    // Either side may vanish at any time; who needs to know listens for 'close'.
    for (const side of [request, response]) side.on('error', ignore);
    // Bytes behind a request to upgrade are another protocol's to the parser: none are served.
    if (valuesOf(headers, 'upgrade').length > 0) response.shouldKeepAlive = false;
    const handshake = behind === null ? null : parseHandshake(this.line);
    this.webSocket =
      behind === null || handshake === null || 'problem' in handshake
        ? null
        : { handshake, switchTo: (fields) => this.#switch(fields, behind) };
  }

  #switch(headers: RawHeaders, head: Buffer): { socket: Duplex; head: Buffer } {
    const { socket } = this.#request;
    this.#response.detachSocket(socket);
    const lines = headerPairs(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`, 'latin1');
    return { socket, head };
  }

  get body(): Readable {
    return this.#request;
  }

  trailers(): RawHeaders {
    return this.#request.rawTrailers;
  }

  get isComplete(): boolean {
    return this.#request.complete;
  }

  get isGone(): boolean {
    return this.#request.socket.destroyed;
  }

  // Not the response: one that waits behind another (pipelining) does not hear of the end.
  onGone(listener: () => void): void {
    this.#request.socket.once('close', listener);
  }

  offGone(listener: () => void): void {
    this.#request.socket.off('close', listener);
  }

  get isAnswered(): boolean {
    return this.#response.headersSent || this.#response.destroyed;
  }

  get isFinished(): boolean {
    return this.#response.writableFinished;
  }

  inform(status: number, headers: RawHeaders): void {
    // RFC 9110 15.2: none to a client of HTTP/1.0.
    if (this.isAnswered || this.line.httpVersion === '1.0') return;
    if (status === 100) this.#response.writeContinue();
    else if (status === 102) this.#response.writeProcessing();
    else if (status === 103) this.#hint(valuesOf(headers, 'link'));
  }

  #hint(link: string[]): void {
    try {
      if (link.length > 0) this.#response.writeEarlyHints({ link });
    } catch {
      // Node takes no other links than those it can read; a hint may be left out.
    }
  }

  answer({ status, phrase, headers, isWhole }: AnswerHead): void {
    this.#response.sendDate = false;
    const isChunked = !isWhole && this.line.httpVersion === '1.1' && !hasLength(headers);
    const list = isChunked ? headers : withoutTrailer(headers);
    this.#response.writeHead(status, phrase || STATUS_CODES[status] || 'OK', list as string[]);
  }

  flush(): void {
    if (!this.#response.writableEnded) this.#response.flushHeaders();
  }

  get sink(): Writable {
    return this.#response;
  }

  setTrailers(trailers: RawHeaders): void {
    const pairs = headerPairs(trailers) as [string, string][];
    if (pairs.length > 0) this.#response.addTrailers(pairs);
  }

  onFinished(listener: () => void): void {
    const { socket } = this.#request;
    // Node says so, too, of an answer that it throws away with the connection.
    this.#response.once('finish', () => {
      if (!socket.destroyed) listener();
    });
  }

  refuse({ status, headers, body, mayKeep }: OwnAnswer): void {
    // A body that was not read would stand in front of the next request.
    const isBodyless = !this.#announcesBody();
    const keep = mayKeep && isBodyless;
    // The listener serves nothing behind such an answer.
    if (!keep) this.#response.shouldKeepAlive = false;
    this.#response.writeHead(status, keep ? [...headers] : [...headers, 'Connection', 'close']);
    if (!isBodyless) this.#request.resume();
    writeInPieces(this.#response, body, (rest) => {
      if (isBodyless) this.#response.end(rest);
      else this.#endAfterRequest(rest);
    });
  }

  /** The client reads the refusal only if its upload is not answered with a reset: read on a little. */
  #endAfterRequest(body: string | Buffer): void {
    const request = this.#request;
    this.#response.write(body);
    const end = () => {
      clearTimeout(timer);
      this.#response.end();
    };
    const timer = setTimeout(end, LIMITS.lingerMs);
    request.once('end', end);
    request.once('close', end);
    request.resume();
  }

  #announcesBody(): boolean {
    const { headers } = this.line;
    const length = valuesOf(headers, 'content-length')[0] ?? '0';
    return length !== '0' || valuesOf(headers, 'transfer-encoding').length > 0;
  }

  abort(): void {
    this.#response.destroy();
  }

  discardRest(): void {
    const request = this.#request;
    request.removeAllListeners('data');
    request.resume();
    const timer = setTimeout(() => request.socket.destroy(), LIMITS.lingerMs);
    request.once('close', () => clearTimeout(timer));
  }
}

function hasLength(headers: RawHeaders): boolean {
  return valuesOf(headers, 'content-length').length > 0;
}

/** Node throws where trailers are announced that cannot follow. */
function withoutTrailer(headers: RawHeaders): RawHeaders {
  if (valuesOf(headers, 'trailer').length === 0) return headers;
  return headerPairs(headers)
    .filter(([name]) => name.toLowerCase() !== 'trailer')
    .flat();
}

function ignore(): void {}
