// What goes to the upstream for an admitted request: made from what was checked, never from the text
// that the client sent.

import { codeOf } from '../shared/error-code.ts';
import type { Allowed, Exchange } from './exchange-state.ts';
import type { Capture } from './http/capture.ts';
import type { ClientStream } from './http/client-stream.ts';
import {
  forwardedTrailers,
  hostField,
  isReplayable,
  trailersFit,
  upstreamHeaders,
} from './http/http-message.ts';
import { joinCookies } from './http/http2-headers.ts';
import { relayBody } from './http/relay-body.ts';
import type { Framing } from './http/request-head.ts';
import { UpstreamError } from './upstream/upstream-error.ts';
import type { Connection, UpstreamRequest, UpstreamStream } from './upstream/upstream-stream.ts';
import { handshakeHeaders } from './websocket/handshake.ts';

export function requestFor(
  { deps, stream, client, tunnel }: Exchange,
  { head }: Allowed,
  { proto, isOpened }: Connection,
): UpstreamRequest {
  const { config } = deps;
  const { method } = stream.line;
  const scheme = tunnel?.scheme ?? 'http';
  const headers = upstreamHeaders({
    method,
    headers: stream.line.headers,
    head,
    scheme,
    agentSource: config.identityHost === head.target.host ? client : '',
    // A public server has no business with it; a private one might lead back to leash.
    hopToken: isOpened ? deps.hopToken : '',
  });
  const joined = proto === 'h1' && stream.proto === 'h2' ? joinCookies(headers) : headers;
  return {
    method,
    scheme,
    authority: hostField(head.target, scheme),
    path: head.path,
    headers: stream.webSocket ? handshakeHeaders(joined, stream.webSocket.handshake) : joined,
    isWhole: head.framing.kind === 'none',
    idleMs: config.exchangeIdleMs,
  };
}

/** Starts the body's way to the upstream, after its head, and its trailers'. */
export function relayRequest(stream: ClientStream, upstream: UpstreamStream, tap: Capture): void {
  // Head and first bytes in one write where they came together; but the client may send its body
  // when it has its answer.
  setImmediate(() => {
    if (tap.bytes === 0) upstream.flush();
  });
  const onEnd = () => {
    // Where it was cut off, its end is no end.
    if (!stream.isComplete) return;
    const trailers = stream.trailers();
    if (!trailersFit(trailers)) {
      stream.abort();
      return;
    }
    upstream.setTrailers(forwardedTrailers(trailers));
    upstream.sink.end();
  };
  relayBody(stream.body, upstream.sink, tap, { onEnd });
}

type Sent = { readonly isReused: boolean; readonly method: string; readonly framing: Framing };

/** Whether a request that failed may be sent again: it was not processed, or it does no harm. */
export function mayBeSentAgain(error: Error, { isReused, method, framing }: Sent): boolean {
  // What was read of a body is gone.
  if (framing.kind !== 'none') return false;
  if (error instanceof UpstreamError) return error.facts.unprocessed === true;
  // A pooled connection was gone by the time it was used.
  return isReused && codeOf(error) === 'ECONNRESET' && isReplayable(method, framing);
}
