// What a person can choose from who wants to allow or block a request: how wide by host and path, and
// which entries decide it now. Pure: the policy as it stands and the request go in.

import { canonicalIp, classifyAddress } from '../../shared/address.ts';
import type { Target } from '../../shared/host.ts';
import { type Ask, compilePolicy } from '../../shared/policy.ts';
import type { PolicySource } from '../../shared/policy-source.ts';
import { widerHosts } from '../../shared/policy-suffix.ts';
import { askOf, decideAgain, isRefusedOtherwise, type Recorded } from './recorded-ask.ts';

/** An entry of a file, as the text of its rule says. */
export type EntryPlace = { readonly file: string; readonly line: number; readonly host: string };

export type PolicyOptions = {
  /** Names above the host that an entry may have, the nearest first. */
  readonly wider_hosts: readonly string[];
  /** Prefixes of the path, the shortest first; the last one is the whole path. */
  readonly prefixes: readonly string[];
  /** The entry of the allow list that decides in enforce mode, and whether it allows. */
  readonly allow: { readonly passes: boolean; readonly entry: EntryPlace | null };
  /** The entry of the blocklist that blocks in blocklist mode. */
  readonly block: { readonly passes: boolean; readonly entry: EntryPlace | null };
  /** Names of agents.yaml. */
  readonly agents: readonly string[];
  /** `private`: the host is such an address itself. */
  readonly address: 'name' | 'private' | 'public' | 'special';
};

/** Far more than a path has names. */
const MAX_PREFIXES = 12;
const PRIVATE: ReadonlySet<string> = new Set(['private', 'cgnat', 'ula']);

/** `row`: the request as the record has it; `target` is its host and port. */
export function policyOptions(
  source: PolicySource,
  { row, target, nowMs }: { row: Recorded; target: Target; nowMs: number },
): PolicyOptions {
  // Where no request can be asked again, there are still the entries for its host.
  const host: Ask = { stage: 'connect', target, agent: row.agent, nowMs };
  const ask = askOf(row, nowMs) ?? host;
  const inMode = (mode: PolicySource['mode']) => {
    const { passes, rule } = decideAgain(compilePolicy(1, { ...source, mode }), row, ask);
    return { passes: passes && !isRefusedOtherwise(row), entry: placeOf(rule) };
  };
  return {
    wider_hosts: widerHosts(ask.target.host),
    prefixes: ask.path === undefined ? [] : prefixesOf(ask.path),
    allow: inMode('enforce'),
    block: inMode('blocklist'),
    agents: source.agents.map(({ name }) => name),
    address: addressOf(ask.target.host),
  };
}

/** `enforce.yaml:12 github.com` → its parts. */
export function placeOf(rule: string): EntryPlace | null {
  const match = /^([\w.]+):(\d+) (.+)$/.exec(rule);
  return match && { file: match[1] ?? '', line: Number(match[2]), host: match[3] ?? '' };
}

function prefixesOf(path: string): string[] {
  const ends = [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index + 1));
  return [...new Set([...ends.slice(0, MAX_PREFIXES), path])];
}

function addressOf(host: string): PolicyOptions['address'] {
  const ip = canonicalIp(host);
  if (ip === null) return 'name';
  const kind = classifyAddress(ip, []);
  if (PRIVATE.has(kind)) return 'private';
  return kind === 'public' ? 'public' : 'special';
}
