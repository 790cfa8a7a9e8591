// What a policy says to an ask of the record if it came now: who asks under it, whether its tunnel is
// looked into, the rules, and the address that was dialled then. Pure.

import { type AddressContext, judgeAddress } from '../../shared/address.ts';
import { listsHost } from '../../shared/host-list.ts';
import { findNetwork } from '../../shared/network-map.ts';
import { type Ask, type Decision, decide, type Policy } from '../../shared/policy.ts';
import { uninspectedKind } from '../../shared/uninspected.ts';
import { judgeUnresolved } from '../../shared/unresolved.ts';
import type { AskFacts } from './recorded-flow.ts';

/** What stands in for a reason of the policy's own. */
export type JudgedReason = Decision['reason'] | 'address_not_allowed' | 'identity_required';

export type Judged = {
  readonly passes: boolean;
  readonly reason: JudgedReason;
  /** It passes because the mode lets everything pass that no list names. */
  readonly byMode: boolean;
  /** Who asks, under this policy; empty: nobody it knows. */
  readonly agent: string;
  /** As what it is judged. */
  readonly ask: Ask;
  /** Entries that match open the address: see shared/address.ts. */
  readonly privateRule: boolean;
  readonly literalRule: boolean;
};

/** How things are where it is judged. */
export type JudgeContext = {
  /** All but `direct` hosts are reached through another proxy. */
  readonly isProxied: boolean;
  /** Rules that ended before are absent. */
  readonly nowMs: number;
};

/** Asks one policy. */
export class AskJudge {
  readonly policy: Policy;
  readonly #context: JudgeContext;
  /** By address: looking one up in networks takes longer than all the rest. */
  readonly #agents = new Map<string, string>();

  constructor(policy: Policy, context: JudgeContext) {
    this.policy = policy;
    this.#context = context;
  }

  judge(facts: AskFacts): Judged {
    const { policy } = this;
    const agent = this.agentOf(facts);
    const ask = this.#askUnder(facts, agent);
    const shared = { agent, ask };
    if (agent === '' && policy.requireIdentity) {
      const no = { passes: false, byMode: false, privateRule: false, literalRule: false };
      return { ...no, reason: 'identity_required', ...shared };
    }
    const decision = decide(policy, ask);
    const { allow, reason, privateRule, literalRule } = decision;
    const isOpen = !allow || this.opens(facts, { privateRule, literalRule });
    return {
      passes: allow && isOpen,
      reason: isOpen ? reason : 'address_not_allowed',
      byMode: reason === 'mode_audit' || reason === 'not_in_blocklist',
      privateRule,
      literalRule,
      ...shared,
    };
  }

  /** A token is no part of the record: whoever has one is taken at the name of then, others by address. */
  agentOf({ agent, client }: AskFacts): string {
    const { tokens, agents } = this.policy;
    if (tokens.has(agent)) return agent;
    const known = this.#agents.get(client);
    if (known !== undefined) return known;
    const found = findNetwork(agents, client) ?? '';
    if (this.#agents.size >= MAX_CLIENTS) this.#agents.clear();
    this.#agents.set(client, found);
    return found;
  }

  /** Whether the address that was dialled then may be dialled; what no record has is not judged. */
  opens(facts: AskFacts, rights: Pick<AddressContext, 'privateRule' | 'literalRule'>): boolean {
    const { target } = facts.ask;
    const { network, direct } = this.policy;
    const context = { network, ...rights, listeners: [], ownAddresses: NONE };
    if (this.#context.isProxied && !listsHost(direct, target.host)) {
      return judgeUnresolved(target, context) === 'ok';
    }
    const ip = target.isIp ? target.host : facts.ip;
    if (ip !== '') return judgeAddress(ip, target.port, context) === 'ok';
    // Which address it was nobody wrote down; only these open one that was refused.
    return !facts.isOfAddress || rights.privateRule || rights.literalRule;
  }

  #askUnder({ ask, isTunnelled }: AskFacts, agent: string): Ask {
    const now = { ...ask, agent, nowMs: this.#context.nowMs };
    if (!isTunnelled) return now;
    const isUnseen = uninspectedKind(this.policy.uninspected, ask.target) !== null;
    if (isUnseen) return { ...now, stage: 'tunnel' };
    return ask.stage === 'tunnel' ? { ...now, stage: 'connect' } : now;
  }
}

/** Addresses whose agent is remembered. */
const MAX_CLIENTS = 10_000;
const NONE: ReadonlySet<string> = new Set();
