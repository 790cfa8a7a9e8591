// A URL, a method and who asks → what leash would do with it under a policy, and by which rule. Pure: no
// name is resolved, and nothing is asked of the running leash.

import { type AddressContext, judgeAddress } from '../../../shared/address.ts';
import {
  type NormalPath,
  type Problem,
  parseAbsoluteUri,
  parsePath,
  type Target,
} from '../../../shared/host.ts';
import { identify } from '../../../shared/identity.ts';
import { type Ask, type Decision, decide, type Policy } from '../../../shared/policy.ts';
import { uninspectedKind } from '../../../shared/uninspected.ts';

export type Question = {
  readonly url: string;
  readonly scheme: 'http' | 'https';
  readonly target: Target;
  readonly path: NormalPath;
  readonly ambiguous: boolean;
  readonly method: string;
};

export type Answer = {
  readonly passes: boolean;
  /** Where it ended: at the address of the client, at CONNECT, at a tunnel that is not opened, at the request. */
  readonly stage: 'identity' | Ask['stage'] | 'address';
  readonly agent: string;
  readonly reason: string;
  readonly rule: string;
  /** It passes, and enforce mode would block it. */
  readonly wouldBlock: boolean;
  /** Relayed unseen: the path is not looked at. */
  readonly uninspected: 'passthrough' | 'opaque' | null;
  /** The host is an address itself, so that the rule on addresses was asked, too. */
  readonly isAddressChecked: boolean;
};

/** `https://api.x.com/v1`, or without the scheme: then it is https, unless the port is 80. */
export function readUrl(text: string, method: string): Question | Problem {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? '' : schemeOf(text);
  const url = `${scheme}${text}`;
  const uri = parseAbsoluteUri(url);
  if ('problem' in uri) return uri;
  const path = parsePath(uri.path);
  if ('problem' in path) return path;
  return { url, scheme: uri.scheme, target: uri.target, method: method.toUpperCase(), ...path };
}

function schemeOf(text: string): string {
  return /^[^/?#]*:80(?=[/?#]|$)/.test(text) ? 'http://' : 'https://';
}

export type Asker = {
  /** A name that was given stands for a token that was right. */
  readonly agent: string;
  /** '' = unknown. */
  readonly client: string;
};

/** The steps of a worker, in its order: who asks, the tunnel, the request inside, the address. */
export function checkUrl(
  policy: Policy,
  question: Question,
  asker: Asker,
  context: Pick<AddressContext, 'listeners' | 'ownAddresses'> & { readonly nowMs: number },
): Answer {
  const { target, scheme, method, path, ambiguous } = question;
  const identity = asker.agent === '' ? identify(policy, asker.client, null) : asker;
  const nothing = { rule: '', wouldBlock: false, uninspected: null, isAddressChecked: false };
  if ('problem' in identity) {
    return { ...nothing, passes: false, stage: 'identity', agent: '', reason: identity.problem };
  }
  const { agent } = identity;
  const uninspected = scheme === 'https' ? uninspectedKind(policy.uninspected, target) : null;
  const common = { target, agent, nowMs: context.nowMs };
  const asks: Ask[] = [
    ...(scheme === 'https'
      ? [{ ...common, stage: uninspected === null ? 'connect' : 'tunnel' } as const]
      : []),
    ...(uninspected === null
      ? [{ ...common, stage: 'request', method, path, ambiguous } as const]
      : []),
  ];
  let last: { readonly ask: Ask; readonly decision: Decision } | null = null;
  for (const ask of asks) {
    last = { ask, decision: decide(policy, ask) };
    if (!last.decision.allow) break;
  }
  // There is a tunnel or a request in any case.
  if (last === null) throw new TypeError('Cannot check: nothing was asked');
  const { decision, ask } = last;
  const { reason, rule, wouldBlock, privateRule, literalRule } = decision;
  const told = { agent, rule, wouldBlock, uninspected };
  if (!decision.allow) {
    return { ...told, passes: false, stage: ask.stage, reason, isAddressChecked: false };
  }
  const isAddressChecked = target.isIp;
  const verdict = isAddressChecked
    ? judgeAddress(target.host, target.port, {
        ...context,
        network: policy.network,
        privateRule,
        literalRule,
      })
    : 'ok';
  if (verdict === 'ok') {
    return { ...told, passes: true, stage: ask.stage, reason, isAddressChecked };
  }
  return { ...told, passes: false, stage: 'address', reason: verdict, isAddressChecked };
}
