// Clients of HTTP/1.1 and of HTTP/2 behind one face, by way of a CONNECT tunnel or straight to the
// origin. They say how an exchange ended: a body that was cut short is never taken for a whole one.

import type { Readable, Writable } from 'node:stream';
import type { Fields, Proto } from './call.ts';
import { openH1 } from './client-h1.ts';
import { openH2 } from './client-h2.ts';

export type Destination = {
  readonly name: string;
  readonly port: number;
  /** PEM of what the server's certificate is trusted by. */
  readonly ca: string;
  /** Null: no proxy, straight to the port of 127.0.0.1. */
  readonly proxyPort: number | null;
};

export type Answer = {
  readonly status: number;
  readonly headers: Fields;
  /** Nothing of it flows before somebody reads. */
  readonly body: Readable;
};

export type Ending = {
  /** The answer came to its own end. */
  readonly whole: boolean;
  /** Of RST_STREAM, where it ended so. */
  readonly code: number;
  readonly trailers: Fields;
};

export type Sent = {
  /** The request's body; the caller ends it. */
  readonly body: Writable;
  /** Rejects where the exchange ends before a head came. */
  readonly answer: Promise<Answer>;
  readonly ending: Promise<Ending>;
  /** Breaks it off: RST_STREAM with CANCEL, or the end of the connection. */
  abort(): void;
};

export type Asked = {
  readonly headers?: Fields;
  /** Are sent behind the body. */
  readonly trailers?: () => Fields;
};

export type ProtocolClient = {
  readonly proto: Proto;
  /** The head goes out at once; the caller writes the body and ends it. */
  request(method: string, url: string, asked?: Asked): Sent;
  close(): void;
};

/** A client of its own connections; over HTTP/2 it has one, and asks all on it. */
export function openClient(proto: Proto, destination: Destination): Promise<ProtocolClient> {
  return proto === 'h1' ? openH1(destination) : openH2(destination);
}
