// One question to the policy in force: who asks, and may it? Identity first, then the rules; the same
// for a tunnel and for a request, when it begins and when the policy has changed under it. Pure.

import { INTERNAL_HOST, type Target } from '../shared/host.ts';
import { type Credential, identify, readCredential } from '../shared/identity.ts';
import { type Ask, type Decision, decide, type Policy } from '../shared/policy.ts';
import { type RawHeaders, valuesOf } from './http/header-list.ts';

/** What a client showed to leash: a credential, none (`null`), or something that is none. */
export type Shown = Credential | 'wrong' | null;

export type Asked = Pick<Ask, 'stage' | 'method' | 'path' | 'ambiguous'> & {
  readonly target: Target;
  readonly client: string;
  readonly credential: Shown;
};

/** `refusal`: the status and the reason to refuse with; null = it may pass. */
export type Judgement = {
  readonly agent: string;
  readonly decision: Decision | null;
  readonly refusal: { readonly status: 403 | 407; readonly reason: string } | null;
};

export function judge(policy: Policy, asked: Asked, nowMs: number): Judgement {
  const identity = identify(policy, asked.client, asked.credential);
  const isInternal = asked.target.host === INTERNAL_HOST;
  // Who has no CA and no token yet gets both by what leash itself hands out.
  if ('problem' in identity && !isInternal) {
    return { agent: '', decision: null, refusal: { status: 407, reason: identity.problem } };
  }
  const agent = 'problem' in identity ? '' : identity.agent;
  const { stage, target, method, path, ambiguous } = asked;
  const decision = decide(policy, { stage, target, agent, nowMs, method, path, ambiguous });
  const refusal = decision.allow ? null : ({ status: 403, reason: decision.reason } as const);
  return { agent, decision, refusal };
}

/** The credential in a head that was sent to leash itself (RFC 9110 11.7.1). */
export function shownCredential(headers: RawHeaders): Shown {
  const values = valuesOf(headers, 'proxy-authorization');
  if (values.length === 0) return null;
  return values.length > 1 ? 'wrong' : (readCredential(values[0] ?? '') ?? 'wrong');
}
