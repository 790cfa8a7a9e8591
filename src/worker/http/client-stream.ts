// One request of a client and the way to answer it, whatever version of HTTP the client speaks:
// what an exchange knows of its client's side. http1-client.ts and http2-client.ts are the two kinds.

import type { Duplex, Readable, Writable } from 'node:stream';
import type { Handshake } from '../websocket/handshake.ts';
import type { RawHeaders } from './header-list.ts';
import type { RequestLine } from './request-head.ts';

/** The head of an answer, with the fields that go to this client. */
export type AnswerHead = {
  readonly status: number;
  /** HTTP/1 only; empty: the status' usual one. */
  readonly phrase: string;
  readonly headers: RawHeaders;
  /** Nothing follows it: neither a body nor trailers. */
  readonly isWhole: boolean;
};

/** A whole answer of leash's own. */
export type OwnAnswer = {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: string | Buffer;
  /** The connection may serve other requests behind it. */
  readonly mayKeep: boolean;
};

/** A request that asks for WebSocket, and the way to give it. */
export type WebSocketOffer = {
  readonly handshake: Handshake;
  /** Sends a 101. What follows is not HTTP: the connection, and what came on it already. */
  switchTo(headers: RawHeaders): { readonly socket: Duplex; readonly head: Buffer };
};

export interface ClientStream {
  readonly proto: 'h1' | 'h2';
  readonly line: RequestLine;
  /** Null: an ordinary request. */
  readonly webSocket: WebSocketOffer | null;
  /** The request's body; its trailers are known when it has ended. */
  readonly body: Readable;
  trailers(): RawHeaders;
  /** The client has sent its whole request. */
  readonly isComplete: boolean;
  /** Nobody is there to be answered. */
  readonly isGone: boolean;
  /** Calls back once, when the connection, or this stream of it, is gone. */
  onGone(listener: () => void): void;
  offGone(listener: () => void): void;
  /** A head has been sent, or none can be sent any more. */
  readonly isAnswered: boolean;
  /** The whole answer has been sent. */
  readonly isFinished: boolean;
  /** Forwards a 1xx, where the client can take it. */
  inform(status: number, headers: RawHeaders): void;
  /** Takes the head of the upstream's answer. Throws where Node refuses a field of it. */
  answer(head: AnswerHead): void;
  /** Sends the head without waiting for a body. */
  flush(): void;
  /** Where the answer's body goes; ending it ends the answer. */
  readonly sink: Writable;
  /** What follows the body; before `sink` ends. */
  setTrailers(trailers: RawHeaders): void;
  onFinished(listener: () => void): void;
  /** Answers with words of leash's own, and takes what the client still sends for a while. */
  refuse(answer: OwnAnswer): void;
  /** Breaks the answer off, so that nobody takes it for whole. `code`: HTTP/2 only. */
  abort(code?: number): void;
  /** The answer is out, the request is not whole: reads on a little, so that the client sees it. */
  discardRest(): void;
}
