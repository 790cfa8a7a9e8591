// One CONNECT, from its head to the terminal record of the tunnel: parse, decide, record, sniff,
// then either TLS with a leaf for the name that CONNECT gave, or plain HTTP/1 on ports other than
// 443. The requests inside are exchanges and have records of their own. What the operator listed in
// network.yaml is relayed unseen.

import type { Socket } from 'node:net';
import { type Host, INTERNAL_HOST } from '../shared/host.ts';
import { LIMITS } from '../shared/limits.ts';
import { uninspectedKind } from '../shared/uninspected.ts';
import type { WorkerDeps } from './deps.ts';
import type { TunnelContext } from './exchange-state.ts';
import { Flow } from './flow.ts';
import { readConnect } from './http/connect-head.ts';
import { carriesToken } from './http/http-message.ts';
import { VERDICT_REFUSALS } from './http/refusal.ts';
import { type Asked, judge, shownCredential } from './judge.ts';
import { openUpstream, relayTunnel } from './relay-tunnel.ts';
import { RunningCount } from './running-count.ts';
import { checkServerName, intercept } from './tls/intercept.ts';
import { sniff } from './tls/sniff.ts';
import {
  endTunnel,
  keepJudging,
  refuseTunnel,
  type Tunnel,
  type TunnelInput,
} from './tunnel-state.ts';

/** Runs one tunnel until its inner connection is served, relayed or refused. Never rejects. */
export async function runTunnel(input: TunnelInput): Promise<void> {
  const { deps, request, socket, client } = input;
  const headers = request.rawHeaders;
  const startedMs = deps.now();
  const policy = deps.policy();
  // 1. Parse, once.
  const target = readConnect(request.url ?? '', headers, request.httpVersion);
  if ('reason' in target) {
    const url = deps.forRecord.url(request.url ?? '');
    const flow = new Flow(deps.link, { client, method: 'CONNECT', url });
    refuseTunnel({ ...input, flow, policy }, target);
    return;
  }
  const { host, port, authority } = target;
  const flow = new Flow(deps.link, { client, host, port, method: 'CONNECT', url: authority });
  // 2. What leash itself sent comes back to it: a server that was reached leads here.
  if (carriesToken(headers, deps.hopToken)) {
    refuseTunnel({ ...input, flow, policy }, { status: 403, reason: 'self_connection' });
    return;
  }
  // 3. Decide: a denied name causes no DNS query and no TLS.
  const kind = host === INTERNAL_HOST ? null : uninspectedKind(policy.uninspected, target);
  const stage = kind === null ? 'connect' : 'tunnel';
  const asked: Asked = { stage, target, client, credential: shownCredential(headers) };
  const { agent, decision, refusal } = judge(policy, asked, startedMs);
  flow.nameAgent(agent);
  if (refusal !== null || decision === null) {
    const { status, reason } = refusal ?? { status: 403, reason: 'no_policy' };
    refuseTunnel({ ...input, flow, policy }, { status, reason, decision });
    return;
  }
  const full = takeRoom(deps, client, kind === null ? host : null);
  if (full !== null) {
    refuseTunnel({ ...input, flow, policy }, { ...full, decision });
    return;
  }
  socket.once('close', () => deps.clients.closeTunnel(client));
  const facts = { flow, target, policy, decision, agent, asked, kind, startedMs };
  const tunnel: Tunnel = { ...input, ...facts, upstream: { ip: '' } };
  try {
    await establish(tunnel);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown';
    endTunnel(tunnel, 'error', { reason: `internal: ${reason}` });
  }
}

/** Counts the tunnel against its limits; `host`: a leaf may be needed for it. Null: there is room. */
function takeRoom(
  { link, leaves, clients }: WorkerDeps,
  client: string,
  host: Host | null,
): { status: number; reason: string } | null {
  const noRoom = link.refusal();
  if (noRoom !== null) return { status: 503, reason: noRoom };
  if (host !== null && !leaves.has(host) && !clients.mayMint(client)) {
    return { status: 429, reason: 'client_mints' };
  }
  const room = clients.openTunnel(client);
  return room === 'ok' ? null : { status: room === 'client_tunnels' ? 429 : 503, reason: room };
}

async function establish(tunnel: Tunnel): Promise<void> {
  const { flow, policy, decision, socket } = tunnel;
  // 4. The tunnel is on the log before the client hears 200.
  const verdict = await flow.open('connect_allowed', policy.version, {
    rule: decision.rule,
    policy: policy.version,
    mode: policy.mode ?? '',
    ...(decision.wouldBlock ? { audit: 'would_block_in_enforce' as const } : {}),
  });
  if (verdict !== 'ack') {
    // Only an intent can be stale.
    const said = verdict === 'quota' ? 'quota' : 'refused';
    refuseTunnel(tunnel, { ...VERDICT_REFUSALS[said], decision });
    return;
  }
  if (socket.destroyed) {
    endTunnel(tunnel, 'error', { reason: 'client: closed before the tunnel was open' });
    return;
  }
  keepJudging(tunnel);
  if (flow.ended) return;
  if (tunnel.kind === 'opaque') {
    const upstream = await openUpstream(tunnel, false);
    if (upstream === null) return;
    answer(tunnel);
    if (tunnel.head.length > 0) socket.unshift(tunnel.head);
    await relayTunnel(tunnel, upstream, null);
    return;
  }
  answer(tunnel);
  // 5. First bytes: TLS, HTTP/1 on ports other than 443, nothing else.
  const first = await sniff(socket, tunnel.head, LIMITS.handshakeMs);
  switch (first.kind) {
    case 'tls':
      if (checkServerName(tunnel, first.serverName)) await carryTls(tunnel, first.serverName);
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

/** The requests' own records come before the tunnel's: they end on the same event. */
async function endAfterRequests(tunnel: Tunnel, context: TunnelContext): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await context.running.whenIdle();
  const { requests, problem } = context;
  endTunnel(tunnel, 'connect_closed', { requests, reason: problem && `http2: ${problem}` });
}

function answer({ socket }: Tunnel): void {
  socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
}

async function carryTls(tunnel: Tunnel, serverName: string | null): Promise<void> {
  if (tunnel.kind === null) {
    await intercept(tunnel, (inner) => serveInner(tunnel, inner, 'https'));
    return;
  }
  const upstream = await openUpstream(tunnel, true);
  if (upstream !== null) await relayTunnel(tunnel, upstream, serverName);
}

function serveInner(tunnel: Tunnel, inner: Socket, scheme: 'http' | 'https'): void {
  const context: TunnelContext = {
    id: tunnel.flow.id,
    target: tunnel.target,
    scheme,
    credential: tunnel.asked.credential,
    requests: 0,
    running: new RunningCount(),
    problem: '',
  };
  tunnel.socket.once('close', () => void endAfterRequests(tunnel, context));
  tunnel.serve(inner, context);
}
