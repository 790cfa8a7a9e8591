// The content of agents.yaml: a tree with positions → who the agents are, or problems that say the
// fix. Knows no YAML.

import { parseCidr } from './address.ts';
import { parseAgentName } from './policy-rules.ts';
import type { AgentName, PolicySource } from './policy-source.ts';
import {
  asBoolean,
  asList,
  asMap,
  asText,
  asTexts,
  quote,
  type Report,
  type Tree,
} from './policy-tree.ts';

export type Agents = Pick<PolicySource, 'agentNetworks' | 'agents' | 'requireIdentity'>;

/** The whole file's tree → its content; problems go into the report. */
export function readAgents(tree: Tree, report: Report): Agents {
  const map = asMap(tree, 'the file', ['agent_networks', 'agents', 'require_identity'], report);
  const required = map?.get('require_identity');
  const content = {
    agentNetworks: readNetworks(map?.get('agent_networks'), 'agent_networks', report),
    agents: readAgentList(map?.get('agents'), report),
    requireIdentity: asBoolean(required, 'require_identity', false, report),
  };
  if (content.requireIdentity && required !== undefined && content.agents.length === 0) {
    report.add(required.at, 'require_identity with no agents would refuse everybody: list agents');
  }
  return content;
}

function readAgentList(tree: Tree | undefined, report: Report): AgentName[] {
  const names = new Set<string>();
  const networkOwners = new Map<string, string>();
  const tokenOwners = new Map<string, string>();
  const claim = (owners: Map<string, string>, what: string, own: Claim) => {
    const owner = owners.get(own.value);
    if (owner !== undefined) report.add(own.at, `${what} belongs to agent ${quote(owner)} already`);
    owners.set(own.value, own.name);
  };
  return asList(tree, 'agents', report).flatMap((item) => {
    const map = asMap(item, 'an entry of agents', ['name', 'networks', 'token_sha256'], report);
    const nameTree = map?.get('name');
    if (map === null) return [];
    if (nameTree === undefined) {
      report.add(item.at, 'an entry of agents must have a name');
      return [];
    }
    const name = parseAgentName(asText(nameTree, 'name', report) ?? '');
    if (typeof name !== 'string') report.add(nameTree.at, name.problem);
    else if (names.has(name)) {
      report.add(nameTree.at, `agent ${quote(name)} stands here twice: join them`);
    }
    const known = typeof name === 'string' ? name : '';
    const networks = readNetworks(map.get('networks'), 'networks', report);
    for (const network of networks) {
      claim(networkOwners, `network ${network}`, { value: network, name: known, at: item.at });
    }
    const tokenTree = map.get('token_sha256');
    const tokenSha256 = readTokenHash(tokenTree, report);
    if (tokenSha256 !== '' && tokenTree !== undefined) {
      claim(tokenOwners, 'this token', { value: tokenSha256, name: known, at: tokenTree.at });
    }
    names.add(known);
    return known === '' ? [] : { name: known, networks, tokenSha256 };
  });
}

type Claim = { readonly value: string; readonly name: string; readonly at: Tree['at'] };

function readNetworks(tree: Tree | undefined, what: string, report: Report): string[] {
  return asTexts(tree, what, report, (text) => {
    const cidr = parseCidr(text);
    return 'problem' in cidr ? cidr : cidr.text;
  });
}

function readTokenHash(tree: Tree | undefined, report: Report): string {
  if (tree === undefined) return '';
  const text = asText(tree, 'token_sha256', report);
  if (text === null || /^[0-9a-f]{64}$/.test(text)) return text ?? '';
  report.add(
    tree.at,
    'token_sha256 must be the 64 hex digits, lower case, that `printf %s TOKEN | sha256sum` prints',
  );
  return '';
}
