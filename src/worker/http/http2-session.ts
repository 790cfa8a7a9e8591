// HTTP/2 on a client's connection inside a tunnel: settings, limits and silence. Each stream is a
// request; what is done with it is exchange.ts's. Floods of frames (CONTINUATION, SETTINGS, PING, empty
// DATA) are nghttp2's and Node's to cut off; requests that are reset at once (CVE-2023-44487) are ours.

import { constants, performServerHandshake, type ServerHttp2Session } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { codeOf } from '../../shared/error-code.ts';
import { LIMITS } from '../../shared/limits.ts';
import type { ClientStream } from './client-stream.ts';
import { Http2Client } from './http2-client.ts';
import { closeInTime } from './http2-close.ts';
import { requestLineOf } from './http2-headers.ts';

const { NGHTTP2_ENHANCE_YOUR_CALM } = constants;

export type Http2Serving = {
  /** Silence between requests, and inside one, before it is closed. */
  readonly idleMs: number;
  readonly exchangeIdleMs: number;
  onStream(stream: ClientStream): void;
  /** The connection ends because of what came over it. */
  onProblem(code: string): void;
};

/** Serves a connection whose client has chosen `h2` in its handshake. */
export function serveHttp2(socket: TLSSocket, serving: Http2Serving): ServerHttp2Session {
  const session = performServerHandshake(socket, {
    settings: {
      enablePush: false,
      // Extended CONNECT (RFC 8441) would be an upgrade.
      enableConnectProtocol: false,
      maxConcurrentStreams: LIMITS.http2Streams,
      initialWindowSize: LIMITS.http2StreamWindowBytes,
      maxHeaderListSize: LIMITS.http2HeadBytes,
    },
    maxHeaderListPairs: LIMITS.http2HeadFields,
    maxSessionInvalidFrames: LIMITS.http2BadFrames,
    maxSessionRejectedStreams: LIMITS.http2BadFrames,
  });
  let open = 0;
  let resets = 0;
  let resetAtMs = performance.now();
  session.on('error', (error) => serving.onProblem(codeOf(error)));
  // The proxy's sockets may be half open, which HTTP/2 has no use for: nobody waits for an answer.
  socket.once('end', end);
  session.setLocalWindowSize(LIMITS.http2ConnectionWindowBytes);
  session.on('timeout', () => {
    if (open === 0) end();
  });
  session.once('goaway', () => {
    if (open === 0) closeInTime(session, socket);
  });
  // As with HTTP/1, whoever says nothing at first has less time than who has been heard.
  session.setTimeout(LIMITS.headMs);
  session.on('stream', (stream, _object, _flags, headers?: string[]) => {
    open += 1;
    stream.once('close', () => {
      open -= 1;
      if (!stream.headersSent) onReset();
      if (open > 0) return;
      if (session.closed || session.destroyed) closeInTime(session, socket);
      else session.setTimeout(serving.idleMs);
    });
    // A client that does not read, or a request that stops in the middle.
    stream.setTimeout(serving.exchangeIdleMs, () => client.abort());
    const client = new Http2Client(
      stream,
      requestLineOf(headers ?? [], stream.endAfterHeaders),
      end,
    );
    serving.onStream(client);
  });

  /** Not `session.destroy`: that waits for its last write, which a client that does not read holds up. */
  function end(): void {
    socket.destroy();
  }

  /** A leaky bucket. nghttp2 has one, too, but leaves the connection open when it runs over. */
  function onReset(): void {
    const nowMs = performance.now();
    const drained = ((nowMs - resetAtMs) / 1000) * LIMITS.http2ResetsPerSecond;
    resets = Math.max(0, resets - drained) + 1;
    resetAtMs = nowMs;
    if (resets <= LIMITS.http2Resets || session.destroyed) return;
    serving.onProblem('too many resets');
    session.goaway(NGHTTP2_ENHANCE_YOUR_CALM);
    setImmediate(end);
  }
  return session;
}
