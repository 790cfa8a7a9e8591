// Decides one ask against one policy. Pure: no clock, no DNS, no settings, no files, so
// whoever wants to know why gets the answer of the worker that decided.
//
// Invariant: `decide` is pure and is the only place that allows or denies.

import { type NetworkRules, parseCidr, parseCidrPort } from './address.ts';
import { INTERNAL_HOST, type NormalPath, type Problem, parentHosts, type Target } from './host.ts';
import { compileHosts, type HostList } from './host-list.ts';
import { type NetworkMap, networkMap } from './network-map.ts';
import type { Mode, PolicySource, Rule } from './policy-source.ts';
import { compileUninspected, type UninspectedRules } from './uninspected.ts';

export type Policy = {
  readonly version: number;
  /** Null: nothing is loaded, everything is denied. */
  readonly mode: Mode | null;
  readonly allow: RuleMap;
  readonly block: RuleMap;
  readonly network: NetworkRules;
  readonly uninspected: UninspectedRules;
  /** Hosts that leash reaches itself where there is an upstream proxy. */
  readonly direct: HostList;
  readonly agents: NetworkMap;
  readonly agentNetworks: NetworkMap;
  /** Agent → SHA-256 of its token. */
  readonly tokens: ReadonlyMap<string, Buffer>;
  readonly requireIdentity: boolean;
  /** Times at which rules end, in order: what they allowed is judged again then. */
  readonly expiriesMs: readonly number[];
};

export type Ask = {
  /**
   * At `connect` only host and port are known, and each request inside is asked again. `tunnel`: no
   * request will be seen, so that an entry with paths cannot allow it.
   */
  readonly stage: 'connect' | 'tunnel' | 'request';
  readonly target: Target;
  /** Name of the agent, '' = unknown. */
  readonly agent: string;
  readonly nowMs: number;
  readonly method?: string | undefined;
  readonly path?: NormalPath | undefined;
  readonly ambiguous?: boolean | undefined;
};

export type Reason =
  | 'rule'
  | 'mode_audit'
  | 'not_in_blocklist'
  | 'not_in_allowlist'
  | 'path_not_allowed'
  | 'in_blocklist'
  | 'no_policy'
  | 'internal'
  | 'internal_port';

export type Decision = {
  readonly allow: boolean;
  readonly reason: Reason;
  /** Text of the rule that decided, '' = none. */
  readonly rule: string;
  /** The ask passes, and enforce mode would block it: the tag `would_block_in_enforce`. */
  readonly wouldBlock: boolean;
  /** A matching allow entry says `private: true`; in every mode. */
  readonly privateRule: boolean;
  /** A matching allow entry is the IP literal that is asked for; in every mode. */
  readonly literalRule: boolean;
};

type CompiledRule = Omit<Rule, 'ports'> & { readonly ports: ReadonlySet<number> | null };
type RuleMap = ReadonlyMap<string, readonly CompiledRule[]>;

/** What one list says about an ask. */
type Verdict = {
  readonly outcome: 'match' | 'wrong_path' | 'no_match';
  /** The rules that match; else the rules of the level that decided, if there is one. */
  readonly rules: readonly CompiledRule[];
};

/** The policy before any policy is loaded. */
export const denyAll: Policy = {
  version: 0,
  mode: null,
  allow: new Map(),
  block: new Map(),
  network: { allowPrivate: [], deny: [], nat64: [] },
  uninspected: compileUninspected([], []),
  direct: compileHosts([]),
  agents: networkMap([]),
  agentNetworks: networkMap([]),
  tokens: new Map(),
  requireIdentity: false,
  expiriesMs: [],
};

/** Validated content → a policy that decides in time independent of the number of rules. */
export function compilePolicy(version: number, source: PolicySource): Policy {
  const { agents, agentNetworks, network } = source;
  return {
    version,
    mode: source.mode,
    allow: ruleMap(source.allow),
    block: ruleMap(source.block),
    network: {
      allowPrivate: network.allowPrivate.map((text) => valid(parseCidrPort(text))),
      deny: network.deny.map((text) => valid(parseCidrPort(text))),
      nat64: network.nat64.map((text) => valid(parseCidr(text))),
    },
    uninspected: compileUninspected(network.passthrough, network.opaque),
    direct: compileHosts(network.direct),
    agents: networkMap(
      agents.flatMap(({ name, networks }) => networks.map((network) => ({ name, network }))),
    ),
    agentNetworks: networkMap(
      [...agentNetworks, ...agents.flatMap((agent) => agent.networks)].map((network) => ({
        name: '',
        network,
      })),
    ),
    tokens: new Map(
      agents
        .filter((agent) => agent.tokenSha256 !== '')
        .map((agent) => [agent.name, Buffer.from(agent.tokenSha256, 'hex')]),
    ),
    requireIdentity: source.requireIdentity,
    expiriesMs: source.allow.flatMap((rule) => rule.expiresAtMs ?? []).sort((a, b) => a - b),
  };
}

/**
 * The decision on one ask.
 * 1. Look up the allow list: it opens private addresses in every mode, and what enforce would say
 *    is part of every decision. 2. Apply the mode.
 */
export function decide(policy: Policy, ask: Ask): Decision {
  if (ask.target.host === INTERNAL_HOST) return decideInternal(ask.target.port);
  if (policy.mode === null) return deny('no_policy', '');
  const allowed = look('allow', policy, ask);
  const matched = allowed.outcome === 'match';
  const rule = allowed.rules[0]?.text ?? '';
  const opens = {
    wouldBlock: !matched,
    privateRule: matched && allowed.rules.some((entry) => entry.private),
    literalRule: matched && ask.target.isIp,
  };
  switch (policy.mode) {
    case 'enforce':
      if (matched) return { allow: true, reason: 'rule', rule, ...opens };
      return deny(reasonOf(allowed), rule);
    case 'audit':
      return { allow: true, reason: matched ? 'rule' : 'mode_audit', rule, ...opens };
    case 'blocklist': {
      const blocked = look('block', policy, ask);
      const blockRule = blocked.rules[0]?.text ?? '';
      if (blocked.outcome === 'match') return deny('in_blocklist', blockRule);
      // Who cannot tell which path is meant cannot tell that it is not a blocked one.
      const unclear = blocked.outcome === 'wrong_path' && (isUnclear(ask) || hasParameters(ask));
      if (unclear) return deny('path_not_allowed', blockRule);
      return { allow: true, reason: 'not_in_blocklist', rule: '', ...opens };
    }
  }
}

/** leash's own files: for everybody, before any policy is loaded, too. No other port is anything. */
function decideInternal(port: number): Decision {
  if (port !== 80 && port !== 443) return deny('internal_port', INTERNAL_HOST);
  return { ...deny('internal', INTERNAL_HOST), allow: true };
}

/**
 * Invariant: the most specific level that has an entry decides, even when its ports, paths or agents
 * do not match: an entry narrows what its parents say. An expired entry counts as absent.
 */
function look(list: 'allow' | 'block', policy: Policy, ask: Ask): Verdict {
  const level = levelFor(policy[list], ask);
  const here = level.filter(
    (rule) =>
      (rule.ports === null || rule.ports.has(ask.target.port)) &&
      (rule.agents === null || (ask.agent !== '' && rule.agents.includes(ask.agent))),
  );
  if (here.length === 0) return { outcome: 'no_match', rules: level };
  const matching = list === 'allow' ? matchingAllow(here, ask) : matchingBlock(here, ask);
  return matching.length > 0
    ? { outcome: 'match', rules: matching }
    : { outcome: 'wrong_path', rules: here };
}

/** An entry with paths lets the tunnel open, so that the requests inside can be judged. */
function matchingAllow(rules: readonly CompiledRule[], ask: Ask): readonly CompiledRule[] {
  if (ask.stage === 'connect') return rules;
  if (ask.stage === 'tunnel') return rules.filter((rule) => rule.paths === null);
  const unclear = isUnclear(ask) && rules.some((rule) => rule.paths !== null);
  return unclear ? [] : matchingPath(rules, ask);
}

/** An entry with paths does not block the tunnel, because other requests inside may pass and are judged. */
function matchingBlock(rules: readonly CompiledRule[], ask: Ask): readonly CompiledRule[] {
  if (ask.stage === 'tunnel') return rules;
  return ask.stage === 'connect'
    ? rules.filter((rule) => rule.paths === null)
    : matchingPath(rules, ask);
}

function levelFor(rules: RuleMap, ask: Ask): readonly CompiledRule[] {
  for (const host of parentHosts(ask.target.host)) {
    const level = (rules.get(host) ?? []).filter(
      (rule) =>
        (rule.subdomains || host === ask.target.host) &&
        (rule.expiresAtMs === null || ask.nowMs < rule.expiresAtMs),
    );
    if (level.length > 0) return level;
  }
  return [];
}

function matchingPath(rules: readonly CompiledRule[], ask: Ask): readonly CompiledRule[] {
  const path = foldPath(ask.path ?? '');
  const method = (ask.method ?? '').toUpperCase();
  return rules.filter(
    (rule) =>
      rule.paths === null ||
      rule.paths.some(
        (entry) =>
          (entry.method === '' || entry.method === method) && path.startsWith(entry.prefix),
      ),
  );
}

/**
 * Undoes the encoding of what a path may hold raw: servers take `%3A` for `:` and `%7C` for `|`.
 * Not of `;`, which begins a parameter only where it is raw.
 */
function foldPath(path: string): string {
  const raw = /%(?:2[124689A-C]|27|3[ACDE]|40|5[BDE]|60|7[BCD])/g;
  return path.replace(raw, decodeURIComponent);
}

function isUnclear(ask: Ask): boolean {
  return ask.stage === 'request' && ask.ambiguous === true;
}

/** Some servers cut `;x` from a segment, so that `/admin;x/a` is `/admin/a` to them. */
function hasParameters(ask: Ask): boolean {
  return ask.stage === 'request' && /;|%3B/.test(ask.path ?? '');
}

function reasonOf(verdict: Verdict): Reason {
  return verdict.outcome === 'wrong_path' ? 'path_not_allowed' : 'not_in_allowlist';
}

function deny(reason: Reason, rule: string): Decision {
  return { allow: false, reason, rule, wouldBlock: false, privateRule: false, literalRule: false };
}

function ruleMap(rules: readonly Rule[]): RuleMap {
  const map = new Map<string, CompiledRule[]>();
  for (const rule of rules) {
    const ports = rule.ports === null ? null : new Set(rule.ports);
    const paths = rule.paths?.map((path) => ({ ...path, prefix: foldPath(path.prefix) })) ?? null;
    const compiled = { ...rule, ports, paths };
    const level = map.get(rule.host);
    if (level === undefined) map.set(rule.host, [compiled]);
    else level.push(compiled);
  }
  return map;
}

/** The source was validated where the files were read; a problem here is a fault in leash. */
function valid<T extends object>(value: T | Problem): T {
  if ('problem' in value) throw new TypeError(`Cannot compile policy: ${value.problem}`);
  return value;
}
