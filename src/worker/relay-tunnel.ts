// Tunnels that are not opened, because the operator listed them: `opaque` ones are relayed from the
// first byte on, either side may speak first; of `passthrough` ones the ClientHello was seen. Bytes
// are counted both ways, and the record says that nobody looked: `uninspected`.
//
// Invariant: bytes that leash did not decode are counted and marked `uninspected`.

import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { codeOf } from '../shared/error-code.ts';
import { endTunnel, refuseTunnel, rejudgeWhereChanged, type Tunnel } from './tunnel-state.ts';
import { routeOf } from './upstream/route.ts';
import { UpstreamError } from './upstream/upstream-error.ts';

/** Dials the checked address; null: the tunnel was refused (before its 200) or ended. */
export async function openUpstream(tunnel: Tunnel, answered: boolean): Promise<Socket | null> {
  const { deps, socket, flow } = tunnel;
  const abandoned = new AbortController();
  const giveUp = () => abandoned.abort();
  socket.once('close', giveUp);
  try {
    const route = routeOf(deps, { ...tunnel, scheme: 'https' });
    if (route.hop !== null) tunnel.upstream.viaProxy = true;
    const checked = await deps.upstream.check(route);
    const upstream = await deps.upstream.connect(checked, abandoned.signal);
    if (!socket.destroyed && !flow.ended) return upstream;
    upstream.destroy();
    endTunnel(tunnel, 'error', { reason: 'client: closed before the upstream was reached' });
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    const { status, reason } = error;
    const event = status === 403 ? 'blocked' : 'error';
    if (!answered) refuseTunnel(tunnel, { status, reason, decision: tunnel.decision }, event);
    else endTunnel(tunnel, event, event === 'blocked' ? { stage: 'connect', reason } : { reason });
  } finally {
    socket.off('close', giveUp);
  }
  return null;
}

/** Relays until both directions have ended; then the tunnel has its last record. */
export async function relayTunnel(
  tunnel: Tunnel,
  upstream: Socket,
  serverName: string | null,
): Promise<void> {
  const { deps, socket } = tunnel;
  tunnel.upstream.ip = upstream.remoteAddress ?? '';
  // What was said to a proxy on the way is no part of the tunnel.
  const readBefore = upstream.bytesRead - upstream.readableLength;
  const writtenBefore = upstream.bytesWritten;
  let reason = '';
  const end = (why: string) => {
    reason ||= why;
    socket.destroy();
    upstream.destroy();
  };
  for (const side of [socket, upstream]) {
    // What comes in on one side goes out on the other, so both are silent, or one does not read.
    side.setTimeout(deps.config.exchangeIdleMs, () => end('silent for too long'));
  }
  // Its address was judged under the policy of the decision.
  rejudgeWhereChanged(tunnel);
  socket.once('close', () => upstream.destroy());
  await Promise.all([
    pipeline(socket, upstream).catch((error: Error) => end(`client: ${codeOf(error)}`)),
    pipeline(upstream, socket).catch((error: Error) => end(`upstream: ${codeOf(error)}`)),
  ]);
  endTunnel(tunnel, 'uninspected', {
    ...(serverName === null ? {} : { sni: serverName }),
    upstream_ip: tunnel.upstream.ip,
    bytes: upstream.bytesRead - readBefore,
    req_bytes: upstream.bytesWritten - writtenBefore,
    rule: tunnel.decision.rule,
    mode: tunnel.policy.mode ?? '',
    reason: deps.draining() ? 'shutdown' : reason,
  });
}
