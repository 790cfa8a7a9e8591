// One CONNECT, from its head to the terminal record of the tunnel: parse, decide, record, sniff,
// then either TLS with a leaf for the name that CONNECT gave, or plain HTTP/1 on ports other than
// 443. The requests inside are exchanges and have records of their own.
//
// Invariant: every accepted tunnel ends in exactly one terminal record (see flow.ts).

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { FlowEvent, FlowFields } from '../shared/audit-event.ts';
import { LIMITS } from '../shared/config.ts';
import { parseAuthority, parseHost, type Target } from '../shared/host.ts';
import { agentFor, type Decision, decide, type Policy } from '../shared/policy.ts';
import type { WorkerDeps } from './deps.ts';
import { roundMs, type TunnelContext } from './exchange-state.ts';
import { Flow } from './flow.ts';
import { headerPairs, valuesOf } from './http-message.ts';
import { formatRawRefusal } from './refusal.ts';
import { sniff } from './sniff.ts';

export type TunnelInput = {
  readonly deps: WorkerDeps;
  readonly request: IncomingMessage;
  readonly socket: Socket;
  readonly head: Buffer;
  readonly client: string;
  /** Takes the inner connection over as HTTP/1 of this tunnel. */
  readonly serve: (socket: Socket, context: TunnelContext) => void;
};

type Tunnel = TunnelInput & {
  readonly flow: Flow;
  readonly target: Target;
  readonly policy: Policy;
  readonly decision: Decision;
  readonly startedMs: number;
};

/** Runs one tunnel until its inner connection is served or refused. Never rejects. */
export async function runTunnel(input: TunnelInput): Promise<void> {
  const { deps, request, socket, client } = input;
  const startedMs = deps.now();
  const policy = deps.policy();
  // 1. Parse the authority, once; the Host of a CONNECT must name the same (RFC 9110 9.3.6).
  const target = readConnect(request);
  if ('reason' in target) {
    const flow = new Flow(deps.link, { client, method: 'CONNECT', url: request.url ?? '' });
    refuseTunnel({ ...input, flow, policy }, target);
    return;
  }
  const agent = agentFor(policy, client);
  const flow = new Flow(deps.link, {
    client,
    ...(agent === '' ? {} : { agent }),
    host: target.host,
    port: target.port,
    method: 'CONNECT',
    url: target.authority,
  });
  // 2. Decide: a denied name causes no DNS query and no TLS.
  const decision = decide(policy, { stage: 'connect', target, agent, nowMs: startedMs });
  if (!decision.allow) {
    refuseTunnel({ ...input, flow, policy }, { status: 403, reason: decision.reason, decision });
    return;
  }
  const room = deps.link.full() ? 'overload' : deps.clients.openTunnel(client);
  if (room !== 'ok') {
    const status = room === 'client_tunnels' ? 429 : 503;
    refuseTunnel({ ...input, flow, policy }, { status, reason: room, decision });
    return;
  }
  socket.once('close', () => deps.clients.closeTunnel(client));
  const tunnel: Tunnel = { ...input, flow, target, policy, decision, startedMs };
  try {
    await establish(tunnel);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown';
    endTunnel(tunnel, 'error', { reason: `internal: ${reason}` });
  }
}

async function establish(tunnel: Tunnel): Promise<void> {
  const { flow, policy, decision, socket } = tunnel;
  // 3. The tunnel is on the log before the client hears 200.
  const verdict = await flow.open('connect_allowed', policy.version, {
    rule: decision.rule,
    policy: policy.version,
    mode: policy.mode ?? '',
    ...(decision.wouldBlock ? { audit: 'would_block_in_enforce' as const } : {}),
  });
  if (verdict !== 'ack') {
    refuseTunnel(tunnel, { status: 503, reason: 'audit_unavailable', decision });
    return;
  }
  if (socket.destroyed) {
    endTunnel(tunnel, 'error', { reason: 'client: closed before the tunnel was open' });
    return;
  }
  socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
  // 4. First bytes: TLS, HTTP/1 on ports other than 443, nothing else.
  const first = await sniff(socket, tunnel.head, LIMITS.handshakeMs);
  switch (first.kind) {
    case 'tls':
      await intercept(tunnel, first.serverName);
      return;
    case 'http':
      if (tunnel.target.port === 443) {
        endTunnel(tunnel, 'blocked', { stage: 'connect', reason: 'plain_http_on_443' });
      } else {
        serveInner(tunnel, socket, 'http');
      }
      return;
    case 'unknown':
      endTunnel(tunnel, 'blocked', {
        stage: 'connect',
        reason: `unknown_protocol: ${first.problem}`,
      });
      return;
    case 'silent':
      endTunnel(tunnel, 'error', { reason: 'client: no first bytes in time' });
      return;
    case 'closed':
      endTunnel(tunnel, 'connect_closed', {});
  }
}

async function intercept(tunnel: Tunnel, serverName: string | null): Promise<void> {
  const { deps, socket, target } = tunnel;
  // 5. SNI equals the CONNECT target or is absent; the leaf is for the target, never for the SNI.
  if (serverName !== null && parseHost(serverName) !== target.host) {
    endTunnel(tunnel, 'blocked', { stage: 'connect', reason: 'sni_mismatch', sni: serverName });
    return;
  }
  if (!deps.leaves.has(target.host) && !deps.clients.mayMint(tunnel.client)) {
    endTunnel(tunnel, 'blocked', { stage: 'connect', reason: 'client_mints' });
    return;
  }
  const secureContext = await deps.leaves.get(target.host);
  if (socket.destroyed) {
    endTunnel(tunnel, 'error', { reason: 'tls_client: closed before the handshake' });
    return;
  }
  const tls = new TLSSocket(socket, {
    isServer: true,
    secureContext,
    ALPNProtocols: ['http/1.1'],
  });
  let secured = false;
  const timer = setTimeout(() => {
    endTunnel(tunnel, 'error', { reason: 'tls_client: handshake took too long' });
  }, LIMITS.handshakeMs);
  tls.on('error', (error) => {
    // After the handshake an error is the end of a connection, which 'close' reports.
    if (!secured) endTunnel(tunnel, 'error', { reason: `tls_client: ${tlsClientReason(error)}` });
  });
  tls.once('secure', () => {
    secured = true;
    clearTimeout(timer);
  });
  tls.once('close', () => {
    clearTimeout(timer);
    if (!secured) endTunnel(tunnel, 'error', { reason: 'tls_client: closed during the handshake' });
  });
  serveInner(tunnel, tls, 'https');
}

function serveInner(tunnel: Tunnel, socket: Socket, scheme: 'http' | 'https'): void {
  const context: TunnelContext = {
    id: tunnel.flow.id,
    target: tunnel.target,
    scheme,
    requests: 0,
  };
  // The requests' own records come before the tunnel's: they end on the same event, earlier.
  tunnel.socket.once('close', () => {
    setImmediate(() => endTunnel(tunnel, 'connect_closed', { requests: context.requests }));
  });
  tunnel.serve(socket, context);
}

/** Ends the tunnel and its record; bytes are counted on the client's connection, TLS included. */
function endTunnel(tunnel: Tunnel, event: FlowEvent, fields: FlowFields): void {
  const { flow, socket, deps, policy, startedMs } = tunnel;
  flow.end(event, {
    policy: policy.version,
    bytes: socket.bytesWritten,
    req_bytes: socket.bytesRead,
    duration_ms: roundMs(deps.now() - startedMs),
    ...fields,
  });
  socket.destroy();
}

type ConnectRefusal = {
  readonly status: number;
  readonly reason: string;
  readonly decision?: Decision;
  readonly otherHost?: string;
};

function readConnect(request: IncomingMessage): Target | ConnectRefusal {
  const headers = request.rawHeaders;
  if (headers.length > LIMITS.headers * 2) return { status: 431, reason: 'too_many_headers' };
  const target = parseAuthority(request.url ?? '', null);
  if ('problem' in target) return { status: 400, reason: 'malformed: connect_target' };
  if (
    valuesOf(headers, 'content-length').length > 0 ||
    valuesOf(headers, 'transfer-encoding').length > 0
  ) {
    return { status: 400, reason: 'malformed: connect_with_body' };
  }
  const hosts = valuesOf(headers, 'host');
  if (hosts.length > 1) return { status: 400, reason: 'malformed: two_host_headers' };
  if (hosts[0] === undefined) {
    return request.httpVersion === '1.0'
      ? target
      : { status: 400, reason: 'malformed: no_host_header' };
  }
  const host = parseAuthority(hosts[0], target.port);
  if ('problem' in host) return { status: 400, reason: 'malformed: host_header' };
  if (host.host === target.host && host.port === target.port) return target;
  return { status: 421, reason: 'host_mismatch', otherHost: host.authority };
}

type Refused = TunnelInput & { readonly flow: Flow; readonly policy: Policy };

function refuseTunnel(refused: Refused, refusal: ConnectRefusal): void {
  const { flow, policy, request, socket } = refused;
  const { status, reason, decision, otherHost } = refusal;
  flow.end('blocked', {
    status,
    stage: 'connect',
    reason,
    ...(otherHost === undefined ? {} : { other_host: otherHost }),
    ...(decision === undefined ? {} : { rule: decision.rule }),
    policy: policy.version,
    mode: policy.mode ?? '',
    req_headers: headerPairs(request.rawHeaders),
  });
  const { host = '', port = 0 } = flow.identity;
  const facts = { status, reason, host, port, id: flow.id, mode: policy.mode ?? '' };
  const accept = valuesOf(request.rawHeaders, 'accept').join(',');
  const rule = decision?.rule ?? '';
  socket.end(formatRawRefusal({ ...facts, method: 'CONNECT', path: '', rule }, accept));
  lingerThenClose(socket);
}

/** Lets the client read the refusal: a socket closed with unread bytes resets what was sent. */
export function lingerThenClose(socket: Socket): void {
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LIMITS.lingerMs);
  socket.once('close', () => clearTimeout(timer));
}

/** OpenSSL's alert names, which say what the client did not like: `unknown ca`, `no shared cipher`. */
function tlsClientReason(error: Error): string {
  const words = /:([^:]+):\s*$|SSL routines:[^:]*:([^:\n]+)/.exec(error.message);
  return (
    words?.[2] ??
    words?.[1] ??
    (error as NodeJS.ErrnoException).code ??
    error.message
  ).trim();
}
