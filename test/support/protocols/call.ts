// One request at an origin, the same to its routes whether it came by HTTP/1.1 or as a stream of
// HTTP/2, with a note of how it went.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Readable, Writable } from 'node:stream';
import { breakOff } from './break-off.ts';
import { Tally } from './tally.ts';

export type Proto = 'h1' | 'h2';

/** Header fields or trailers by name, in lower case. */
export type Fields = Readonly<Record<string, string>>;

/** What the origin knows of one request; it changes while the request runs. */
export type Note = {
  readonly proto: Proto;
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** The request's body as far as the route has read it. */
  readonly received: Tally;
  /** The answer's body as far as the route has written it. */
  readonly sent: Tally;
  /** Empty while it runs; `reset`: one side broke it off. */
  ended: '' | 'complete' | 'reset';
  /** Of RST_STREAM, where it ended so; 0 over HTTP/1.1. */
  code: number;
  /** `performance.now()` of its end. */
  endedMs: number;
};

export type Call = {
  readonly note: Note;
  readonly query: URLSearchParams;
  readonly body: Readable;
  readonly answer: Writable;
  /** Sends the head now, also where the body is long in coming. `trailers`: follow at the end. */
  head(status: number, headers: Fields, trailers?: () => Fields): void;
  /** Of the request, once its body has ended. */
  trailers(): Fields;
  /** Breaks it off: RST_STREAM with this code, or the end of the connection. */
  reset(code: number): void;
};

export function callOfH1(request: IncomingMessage, response: ServerResponse): Call {
  const note = noteOf('h1', request.method, request.url);
  request.on('error', ignore);
  response.on('error', ignore);
  response.once('close', () => {
    end(note, response.writableFinished && request.complete ? 'complete' : 'reset', 0);
  });
  let trailers: (() => Fields) | undefined;
  const endAnswer = response.end.bind(response);
  // Node wants them before the end, which is the route's to say.
  response.end = ((...args: Parameters<typeof endAnswer>) => {
    if (trailers !== undefined) response.addTrailers(trailers());
    return endAnswer(...args);
  }) as typeof response.end;
  return {
    note,
    query: queryOf(note.url),
    body: request,
    answer: response,
    head(status, headers, late) {
      trailers = late;
      response.writeHead(status, late === undefined ? headers : { ...headers, trailer: 'x-late' });
      response.flushHeaders();
    },
    trailers: () => fieldsOf(request.trailers),
    reset: () => void request.socket.destroy(),
  };
}

export function callOfH2(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Call {
  const note = noteOf('h2', headers[':method'], headers[':path']);
  let received: Fields = {};
  stream.on('error', ignore);
  stream.on('trailers', (fields: IncomingHttpHeaders) => {
    received = fieldsOf(fields);
  });
  stream.once('close', () => {
    const code = stream.rstCode ?? constants.NGHTTP2_NO_ERROR;
    const whole = code === constants.NGHTTP2_NO_ERROR && !stream.aborted && stream.readableEnded;
    end(note, whole && stream.writableEnded ? 'complete' : 'reset', code);
  });
  return {
    note,
    query: queryOf(note.url),
    body: stream,
    answer: stream,
    head(status, fields, late) {
      if (stream.destroyed) return;
      stream.respond({ ':status': status, ...fields }, { waitForTrailers: late !== undefined });
      if (late !== undefined) stream.once('wantTrailers', () => stream.sendTrailers(late()));
    },
    trailers: () => received,
    reset: (code) => breakOff(stream, code),
  };
}

/** Plain fields only: what HTTP/2 puts in front of them with a colon is none. */
export function fieldsOf(headers: Readonly<Record<string, unknown>>): Fields {
  const plain = Object.entries(headers).filter(([name]) => !name.startsWith(':'));
  return Object.fromEntries(plain.map(([name, value]) => [name.toLowerCase(), String(value)]));
}

function noteOf(proto: Proto, method = '', url = ''): Note {
  return {
    ...{ proto, method, url },
    ...{ received: new Tally(), sent: new Tally() },
    ...{ ended: '', code: 0, endedMs: 0 },
  };
}

function end(note: Note, how: 'complete' | 'reset', code: number): void {
  note.ended = how;
  note.code = code;
  note.endedMs = performance.now();
}

function queryOf(url: string): URLSearchParams {
  return new URL(url, 'https://origin').searchParams;
}

function ignore(): void {}
