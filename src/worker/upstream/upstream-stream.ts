// One request on its way to an upstream and the answer to it, whatever version of HTTP the upstream
// speaks: what an exchange knows of its upstream's side. http1-pool.ts and http2-pool.ts make them.

import type { Duplex, Readable, Writable } from 'node:stream';
import type { AnswerHead } from '../http/client-stream.ts';
import type { RawHeaders } from '../http/header-list.ts';

export type UpstreamRequest = {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  /** Host, and the port where it is not the scheme's own. */
  readonly authority: string;
  readonly path: string;
  /** As HTTP/1 has them, Host and framing included. */
  readonly headers: readonly string[];
  /** No body follows. */
  readonly isWhole: boolean;
  /** Silence after which it fails. */
  readonly idleMs: number;
};

/** An upstream's answer, its head as received. */
export type UpstreamAnswer = {
  readonly head: AnswerHead;
  readonly body: Readable;
  /** The body has ended as the upstream meant it to. */
  isComplete(): boolean;
  /** Known when the body has ended. */
  trailers(): RawHeaders;
};

/** An upstream's 101: its head, and its connection with what came on it already. */
export type UpstreamSwitch = {
  readonly headers: RawHeaders;
  readonly socket: Duplex;
  readonly bytes: Buffer;
};

/** None of these is called before `send` has returned. */
export type UpstreamEvents = {
  onInformation(status: number, headers: RawHeaders): void;
  onAnswer(answer: UpstreamAnswer): void;
  /** Null: the request did not ask for another protocol, and a 101 is an error. */
  readonly onSwitch: ((answer: UpstreamSwitch) => void) | null;
  /** It failed, or its answer was cut off; may be called more than once. */
  onFailed(error: Error): void;
};

export interface UpstreamStream {
  /** Its connection has carried another request before. */
  readonly isReused: boolean;
  /** Sends the head without waiting for a body. */
  flush(): void;
  /** Where the request's body goes; ending it ends the request. */
  readonly sink: Writable;
  /** What follows the body; before `sink` ends. */
  setTrailers(trailers: RawHeaders): void;
  /** Lets go of a request that is not finished, so that nobody takes it for whole. */
  abort(): void;
}

/** A connection to an upstream, for one request; others may share it. */
export type Connection = {
  readonly proto: 'h1' | 'h2';
  /** The address that was dialled. */
  readonly ip: string;
  /** The address is the upstream proxy's, and says nothing of the target. */
  readonly viaProxy?: true;
  /** The policy opened the address: it is not a public one; or where it leads is not known. */
  readonly isOpened: boolean;
  /** Sends the head. Throws `UpstreamError` where it cannot be sent at all. */
  send(request: UpstreamRequest, events: UpstreamEvents): UpstreamStream;
  /** It is not needed after all. */
  discard(): void;
};
