// Where a flow goes and by what right: made once from what was decided, and all that the road to the
// upstream is told; and whether a flow that is on its way may go on. Opens no socket.

import { type AddressContext, judgeAddress } from '../../shared/address.ts';
import type { Target } from '../../shared/host.ts';
import type { Decision, Policy } from '../../shared/policy.ts';
import type { WorkerDeps } from '../deps.ts';
import { type Asked, judge } from '../judge.ts';
import type { Route } from './upstream.ts';

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
  };
}

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
  upstreamIp: string,
): Denial | null {
  const { refusal, decision } = judge(policy, asked, deps.now());
  const rule = decision?.rule ?? '';
  if (refusal !== null) return { reason: refusal.reason, rule };
  if (decision === null || upstreamIp === '') return null;
  const context = addressContext(deps, policy, decision);
  const verdict = judgeAddress(upstreamIp, asked.target.port, context);
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
