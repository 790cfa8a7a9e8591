// What goes to the upstream for an admitted request: made from what was checked, never from the text
// that the client sent.

import type { Allowed, Exchange } from './exchange-state.ts';
import { hostField, upstreamHeaders } from './http/http-message.ts';
import { joinCookies } from './http/http2-headers.ts';
import type { Connection, UpstreamRequest } from './upstream/upstream-stream.ts';
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
