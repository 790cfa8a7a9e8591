// Connections to upstreams that speak HTTP/2, each shared by the requests of one key (upstream.ts says
// whose those are), and requests on them.

import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  constants,
  connect as http2Connect,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { codeOf } from '../../shared/error-code.ts';
import { LIMITS } from '../../shared/limits.ts';
import { listBytes, type RawHeaders } from '../http/header-list.ts';
import { closeInTime } from '../http/http2-close.ts';
import { watchEnd } from '../http/http2-end.ts';
import { headerObject, requestObject } from '../http/http2-headers.ts';
import { goawayReason, resetReason } from '../http/http2-reset.ts';
import { UpstreamError } from './upstream-error.ts';
import type {
  Connection,
  UpstreamEvents,
  UpstreamRequest,
  UpstreamStream,
} from './upstream-stream.ts';

const {
  NGHTTP2_CANCEL,
  NGHTTP2_INTERNAL_ERROR,
  NGHTTP2_NO_ERROR,
  NGHTTP2_REFUSED_STREAM,
  NGHTTP2_FLAG_END_STREAM,
} = constants;

type Session = {
  readonly http2: ClientHttp2Session;
  readonly socket: TLSSocket;
  readonly ip: string;
  readonly isOpened: boolean;
  /** Streams that are open on it, and how many there have been. */
  open: number;
  used: number;
  /** It takes no other request: nobody knows whether its upstream is still there. */
  isRetired: boolean;
  /** Its upstream has processed no stream above (RFC 9113 6.8). */
  lastStream: number;
};

export class Http2Pool {
  readonly #sessions = new Map<string, Session[]>();

  /** A connection that takes another request, if there is one. */
  find(key: string): Connection | null {
    const session = this.#sessions.get(key)?.find(hasRoom);
    return session === undefined ? null : connectionOf(session);
  }

  /** Takes a connection that was just dialled and whose TLS has chosen `h2`. */
  adopt(key: string, socket: TLSSocket, authority: string, isOpened: boolean): Connection {
    const http2 = http2Connect(`https://${authority}`, {
      createConnection: () => socket,
      settings: {
        enablePush: false,
        initialWindowSize: LIMITS.http2StreamWindowBytes,
        maxHeaderListSize: LIMITS.http2HeadBytes,
      },
      maxHeaderListPairs: LIMITS.http2HeadFields,
    });
    const session: Session = {
      http2,
      socket,
      ip: socket.remoteAddress ?? '',
      isOpened,
      open: 0,
      used: 0,
      isRetired: false,
      lastStream: Number.POSITIVE_INFINITY,
    };
    http2.setLocalWindowSize(LIMITS.http2ConnectionWindowBytes);
    // Its streams fail by themselves.
    http2.on('error', () => {});
    http2.on('timeout', () => {
      // Not `close`, which an upstream that does not read would hold up.
      if (session.open === 0) socket.destroy();
    });
    http2.setTimeout(LIMITS.idleUpstreamMs);
    http2.on('goaway', (_code, lastStream) => {
      session.lastStream = lastStream;
      if (session.open === 0) closeInTime(http2, socket);
    });
    http2.once('close', () => this.#forget(key, session));
    const others = this.#sessions.get(key);
    if (others === undefined) this.#sessions.set(key, [session]);
    else others.push(session);
    return connectionOf(session);
  }

  #forget(key: string, session: Session): void {
    const left = this.#sessions.get(key)?.filter((other) => other !== session) ?? [];
    if (left.length > 0) this.#sessions.set(key, left);
    else this.#sessions.delete(key);
  }

  close(): void {
    for (const sessions of this.#sessions.values()) {
      for (const { http2 } of sessions) http2.destroy();
    }
  }
}

function isOver({ http2, isRetired }: Session): boolean {
  return isRetired || http2.closed || http2.destroyed;
}

function hasRoom(session: Session): boolean {
  if (isOver(session)) return false;
  const { http2, open } = session;
  const { maxConcurrentStreams = LIMITS.http2Streams } = http2.remoteSettings;
  return open < Math.min(maxConcurrentStreams, LIMITS.http2Streams);
}

function connectionOf(session: Session): Connection {
  const { ip, isOpened } = session;
  return {
    proto: 'h2',
    ip,
    isOpened,
    send: (request, events) => send(session, request, events),
    // It serves others, or is idle for a while.
    discard() {},
  };
}

function send(session: Session, request: UpstreamRequest, events: UpstreamEvents): UpstreamStream {
  const stream = open(session, request);
  const isReused = session.used > 0;
  session.used += 1;
  session.open += 1;
  let trailers: RawHeaders = [];
  let hasAnswer = false;
  stream.once('response', () => {
    hasAnswer = true;
  });
  stream.on('wantTrailers', () => {
    // Node ends a body before it resets its stream: with trailers that are due, the end is not sent.
    if (!stream.closed) stream.sendTrailers(headerObject(trailers));
  });
  receive(session, stream, events);
  stream.setTimeout(request.idleMs, () => {
    session.isRetired = true;
    events.onFailed(new UpstreamError(504, 'upstream: silent for too long'));
    giveUp(session, stream);
  });
  stream.once('close', () => {
    session.open -= 1;
    if (session.open > 0) return;
    if (isOver(session)) closeInTime(session.http2, session.socket);
    else session.http2.setTimeout(LIMITS.idleUpstreamMs);
  });
  return {
    isReused,
    // A head waits for nothing in HTTP/2.
    flush() {},
    sink: stream,
    setTrailers(list) {
      trailers = list;
    },
    abort() {
      // Who waited in vain asks again: of HTTP/1, too, that is another connection.
      if (!hasAnswer) session.isRetired = true;
      giveUp(session, stream);
    },
  };
}

/**
 * Resets a stream. Where the other side has broken the protocol, nghttp2 takes no more of it, and Node
 * says nothing of that: the stream would never close, and its connection stay for ever.
 */
function giveUp({ socket }: Session, stream: ClientHttp2Stream): void {
  if (!stream.closed) stream.close(NGHTTP2_CANCEL);
  if (stream.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), LIMITS.lingerMs);
  stream.once('close', () => clearTimeout(timer));
}

/** Sends the head; the connection may have ended since it was chosen. */
function open({ http2 }: Session, request: UpstreamRequest): ClientHttp2Stream {
  try {
    return http2.request(requestObject(request, request.headers), {
      endStream: request.isWhole,
      waitForTrailers: !request.isWhole,
    });
  } catch (error) {
    const isGone = http2.closed || http2.destroyed;
    throw new UpstreamError(502, `upstream: ${codeOf(error)}`, { unprocessed: isGone });
  }
}

function receive(session: Session, stream: ClientHttp2Stream, events: UpstreamEvents): void {
  const { id = 0 } = stream;
  const hasEnded = watchEnd(stream);
  let trailers: RawHeaders = [];
  let failure: Error | null = null;
  stream.on('headers', (object, _flags, list?: string[]) =>
    events.onInformation(object[':status'] ?? 0, list ?? []),
  );
  stream.once('response', (object, flags, list: string[] = []) => {
    if (listBytes(list) > LIMITS.headBytes) {
      events.onFailed(new UpstreamError(502, 'upstream: head too large'));
      stream.close(NGHTTP2_CANCEL);
      return;
    }
    const status = object[':status'] ?? 502;
    const isWhole = (flags & NGHTTP2_FLAG_END_STREAM) !== 0;
    events.onAnswer({
      head: { status, phrase: '', headers: list, isWhole },
      body: stream,
      isComplete: hasEnded,
      trailers: () => trailers,
    });
  });
  stream.on('trailers', (_object, _flags, list?: string[]) => {
    trailers = list ?? [];
  });
  stream.on('error', (error) => {
    failure = error;
  });
  stream.once('close', () => {
    if (!hasEnded()) events.onFailed(failureOf(stream, failure, id > session.lastStream));
  });
}

function failureOf(
  { rstCode = NGHTTP2_NO_ERROR }: ClientHttp2Stream,
  error: Error | null,
  isAboveLast: boolean,
): Error {
  const code = error === null ? '' : codeOf(error);
  const isReset = code === '' || code === 'ERR_HTTP2_STREAM_ERROR';
  let what = isReset ? resetReason(rstCode) : code;
  // Node ends all streams of a connection whose GOAWAY says an error.
  if (code === 'ERR_HTTP2_SESSION_ERROR') what = goawayReason(rstCode);
  const unprocessed = isAboveLast || (isReset && rstCode === NGHTTP2_REFUSED_STREAM);
  // The client gets the same code; but NO_ERROR would read as the end of a whole answer.
  const resetCode = rstCode === NGHTTP2_NO_ERROR ? NGHTTP2_INTERNAL_ERROR : rstCode;
  return new UpstreamError(502, `upstream: ${what}`, { unprocessed, resetCode });
}
