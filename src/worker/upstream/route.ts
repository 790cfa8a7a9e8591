// Where a flow goes and by what right: made once from what was decided, and all that the road to the
// upstream is told; and whether a flow that is on its way may go on. Opens no socket.

import { type AddressContext, judgeAddress } from '../../shared/address.ts';
import type { Target } from '../../shared/host.ts';
import { listsHost } from '../../shared/host-list.ts';
import type { Decision, Policy } from '../../shared/policy.ts';
import { judgeUnresolved } from '../../shared/unresolved.ts';
import type { WorkerDeps } from '../deps.ts';
import { type Asked, judge } from '../judge.ts';
import type { ProxyHop } from './proxy-hop.ts';
import type { Route } from './upstream.ts';
import type { Connection } from './upstream-stream.ts';

export type RouteInput = {
  readonly client: string;
  readonly agent: string;
  readonly scheme: 'http' | 'https';
  readonly target: Target;
  readonly decision: Decision;
  readonly policy: Policy;
};

export function routeOf(deps: WorkerDeps, input: RouteInput): Route {
  const { client, agent, scheme, target, decision, policy } = input;
  return {
    owner: `${client} ${agent}`,
    scheme,
    target,
    policy: policy.version,
    addresses: addressContext(deps, policy, decision),
    hop: hopTo(deps, policy, target),
  };
}

/** The proxy that the target is reached through; null: leash reaches it itself. */
function hopTo({ config, hopToken }: WorkerDeps, policy: Policy, target: Target): ProxyHop | null {
  const proxy = config.upstreamProxy;
  if (proxy === 'none' || listsHost(policy.direct, target.host)) return null;
  return { ...proxy, hopToken };
}

/** What a flow that is under way is connected to; '': nothing yet. */
export type Reached = Pick<Connection, 'ip' | 'viaProxy'>;

/** Why a flow may not go on. */
export type Denial = { readonly reason: string; readonly rule: string };

/** Whether another answer is possible by now: the policy is another one, or a rule may have ended. */
export function mayHaveChanged(now: Policy, before: Policy): boolean {
  return now.version !== before.version || now.expiriesMs.length > 0;
}

/** What this policy says against a flow that is under way, its address included; null: nothing. */
export function denialOf(
  deps: WorkerDeps,
  policy: Policy,
  asked: Asked,
  reached: Reached | null,
): Denial | null {
  const { refusal, decision } = judge(policy, asked, deps.now());
  const rule = decision?.rule ?? '';
  if (refusal !== null) return { reason: refusal.reason, rule };
  if (decision === null || reached === null || reached.ip === '') return null;
  const context = addressContext(deps, policy, decision);
  const { target } = asked;
  // By the road that it went, whatever the policy says of that now: `direct` is for new connections.
  const verdict = reached.viaProxy
    ? judgeUnresolved(target, context)
    : judgeAddress(reached.ip, target.port, context);
  return verdict === 'ok' ? null : { reason: verdict, rule };
}

/** What opens and closes addresses for one decision. */
function addressContext(deps: WorkerDeps, policy: Policy, decision: Decision): AddressContext {
  const { config } = deps;
  return {
    network: policy.network,
    privateRule: decision.privateRule,
    literalRule: decision.literalRule,
    listeners: [
      { address: config.bind, port: config.proxyPort },
      { address: config.viewerBind, port: config.viewerPort },
    ],
    ownAddresses: deps.ownAddresses(),
  };
}
