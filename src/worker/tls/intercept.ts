// TLS inside a tunnel: the name in its ClientHello must be the tunnel's, the leaf is for the name that
// CONNECT gave, never for the SNI. What is inside is served as requests of the tunnel.

import { TLSSocket } from 'node:tls';
import { parseHost } from '../../shared/host.ts';
import { LIMITS } from '../../shared/limits.ts';
import { HANDSHAKE_RESULTS } from '../../shared/metric-tables.ts';
import { endTunnel, type Tunnel } from '../tunnel-state.ts';

/** SNI equals the CONNECT target or is absent; else the tunnel is closed, with both names on record. */
export function checkServerName(tunnel: Tunnel, serverName: string | null): boolean {
  if (serverName === null || parseHost(serverName) === tunnel.target.host) return true;
  endTunnel(tunnel, 'blocked', { stage: 'connect', reason: 'sni_mismatch', sni: serverName });
  return false;
}

/** Opens the TLS that the client has begun; `serve` is given the connection inside. */
export async function intercept(tunnel: Tunnel, serve: (inner: TLSSocket) => void): Promise<void> {
  const { deps, socket, target, client } = tunnel;
  const secureContext = await deps.leaves.get(target.host);
  if (socket.destroyed) {
    endTunnel(tunnel, 'error', { reason: 'tls_client: closed before the handshake' });
    return;
  }
  const tls = new TLSSocket(socket, {
    isServer: true,
    secureContext,
    ALPNProtocols: ['h2', 'http/1.1'],
  });
  let secured = false;
  const fail = (words: string) => {
    if (secured || tunnel.flow.ended) return;
    deps.meter.add('handshakes', 1, HANDSHAKE_RESULTS.indexOf('failed'));
    endTunnel(tunnel, 'error', { reason: deps.tlsFailures.failed(client, target.host, words) });
  };
  const timer = setTimeout(() => fail('handshake took too long'), LIMITS.handshakeMs);
  // After the handshake an error is the end of a connection, which 'close' reports.
  tls.on('error', (error) => fail(alertName(error)));
  // For connections outside of a tls.Server, Node leaves errors after the handshake to this event.
  tls.on('_tlsError', () => {
    if (secured) tls.destroy();
  });
  tls.once('secure', () => {
    secured = true;
    // One client could keep a worker busy with nothing else (CVE-2011-1473).
    tls.disableRenegotiation();
    clearTimeout(timer);
    deps.tlsFailures.succeeded(client, target.host);
    const result = tls.isSessionReused() ? 'resumed' : 'full';
    deps.meter.add('handshakes', 1, HANDSHAKE_RESULTS.indexOf(result));
    // Only tls.Server would clear it, and HTTP/2 would wait for that.
    Object.assign(tls, { secureConnecting: false });
    // Which HTTP is spoken inside is known from here on (ALPN, RFC 7301).
    if (!tunnel.flow.ended) serve(tls);
  });
  tls.once('close', () => {
    clearTimeout(timer);
    fail('closed during the handshake');
  });
}

/** OpenSSL's alert names, which say what the client did not like: `unknown ca`, `no shared cipher`. */
function alertName(error: Error): string {
  const words = /:([^:]+):\s*$|SSL routines:[^:]*:([^:\n]+)/.exec(error.message);
  const code = (error as NodeJS.ErrnoException).code;
  return (words?.[2] ?? words?.[1] ?? code ?? error.message).trim();
}
