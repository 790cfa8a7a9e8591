// What the steps of one tunnel share, and the ways for it to end: refused, ended, revoked.
//
// Invariant: every accepted tunnel ends in exactly one terminal record (see flow.ts).

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FlowEvent } from '../shared/audit-event.ts';
import type { Target } from '../shared/host.ts';
import { LIMITS } from '../shared/limits.ts';
import type { Decision, Policy } from '../shared/policy.ts';
import { type Uninspected, uninspectedKind } from '../shared/uninspected.ts';
import type { WorkerDeps } from './deps.ts';
import { roundMs, type TunnelContext } from './exchange-state.ts';
import type { EndFields, Flow } from './flow.ts';
import { valuesOf, withoutCredential } from './http/header-list.ts';
import { formatRawRefusal } from './http/refusal.ts';
import type { Asked } from './judge.ts';
import type { LiveFlow } from './live-flows.ts';
import { type Denial, denialOf, mayHaveChanged, type Reached } from './upstream/route.ts';

export type TunnelInput = {
  readonly deps: WorkerDeps;
  readonly request: IncomingMessage;
  readonly socket: Socket;
  readonly head: Buffer;
  readonly client: string;
  /** Takes the inner connection over as HTTP/1 of this tunnel. */
  readonly serve: (socket: Socket, context: TunnelContext) => void;
};

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A tunnel that was let pass. */
export type Tunnel = TunnelInput & {
  readonly flow: Flow;
  readonly target: Target;
  readonly policy: Policy;
  readonly decision: Decision;
  readonly agent: string;
  readonly asked: Asked;
  readonly kind: Uninspected;
  /** Where a relayed tunnel leads; '' until it is connected, and for those that are opened. */
  readonly upstream: Mutable<Reached>;
  readonly startedMs: number;
};

export type TunnelRefusal = {
  readonly status: number;
  readonly reason: string;
  readonly decision?: Decision | null;
  readonly otherHost?: string;
};

type Refused = TunnelInput & { readonly flow: Flow; readonly policy: Policy };

/** Answers a CONNECT with a refusal; `event`: the record that ends the flow. */
export function refuseTunnel(
  refused: Refused,
  refusal: TunnelRefusal,
  event: 'blocked' | 'error' | 'revoked' = 'blocked',
): void {
  const { flow, policy, request, socket } = refused;
  const { status, reason, decision, otherHost } = refusal;
  flow.end(event, {
    status,
    ...(event === 'blocked' ? { stage: 'connect' as const } : {}),
    reason,
    ...(otherHost === undefined ? {} : { other_host: otherHost }),
    ...(decision ? { rule: decision.rule } : {}),
    policy: policy.version,
    mode: policy.mode ?? '',
    req_headers: refused.deps.forRecord.headers(withoutCredential(request.rawHeaders)),
  });
  const { host = '', port = 0 } = flow.identity;
  const facts = { status, reason, host, port, id: flow.id, mode: policy.mode ?? '' };
  const accept = valuesOf(request.rawHeaders, 'accept').join(',');
  const rule = decision?.rule ?? '';
  socket.end(formatRawRefusal({ ...facts, method: 'CONNECT', path: '', rule }, accept));
  lingerThenClose(socket);
}

/** Ends the tunnel and its record; bytes are counted on the client's connection, TLS included. */
export function endTunnel(tunnel: Tunnel, event: FlowEvent, fields: EndFields): void {
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

/** Has the tunnel judged again with each change of the policy, until its connection closes. */
export function keepJudging(tunnel: Tunnel): void {
  const { deps, socket } = tunnel;
  const live: LiveFlow = {
    rejudge: (policy) => rejudgeTunnel(tunnel, policy),
    cutOff: () => endTunnel(tunnel, 'error', { reason: 'record: cannot be written' }),
  };
  deps.live.add(live);
  socket.once('close', () => deps.live.delete(live));
  rejudgeWhereChanged(tunnel);
}

/** For when something was waited for: the policy may be another one by now. */
export function rejudgeWhereChanged(tunnel: Tunnel): void {
  const policy = tunnel.deps.policy();
  if (mayHaveChanged(policy, tunnel.policy)) rejudgeTunnel(tunnel, policy);
}

function rejudgeTunnel(tunnel: Tunnel, policy: Policy): void {
  const denial = denialNow(tunnel, policy);
  if (denial === null || tunnel.flow.ended) return;
  endTunnel(tunnel, 'revoked', { ...denial, policy: policy.version, mode: policy.mode ?? '' });
}

function denialNow({ deps, asked, kind, target, upstream }: Tunnel, policy: Policy): Denial | null {
  // What is relayed unseen needs to be listed still.
  if (upstream.ip !== '' && uninspectedKind(policy.uninspected, target) !== kind) {
    return { reason: 'inspection_required', rule: '' };
  }
  return denialOf(deps, policy, asked, upstream);
}

/** Lets the client read the refusal: a socket closed with unread bytes resets what was sent. */
export function lingerThenClose(socket: Socket): void {
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LIMITS.lingerMs);
  socket.once('close', () => clearTimeout(timer));
}
