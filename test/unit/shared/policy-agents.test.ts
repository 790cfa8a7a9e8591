import { describe, expect, it } from 'vitest';
import { parseAgents } from '../../../src/shared/policy-file.ts';
import { problemsOf } from '../../support/good.ts';

const HASH = 'c0ffee'.padEnd(64, '0');

describe('parseAgents()', () => {
  it('parseAgents() reads networks and names', () => {
    const text =
      'agent_networks: [10.0.0.0/8, "fd00::1"]\nagents: [{name: ci, networks: [10.1.0.0/16]}]';
    expect(parseAgents(text)).toEqual({
      agentNetworks: ['10.0.0.0/8', 'fd00::1/128'],
      agents: [{ name: 'ci', networks: ['10.1.0.0/16'], tokenSha256: '' }],
      requireIdentity: false,
    });
    expect(parseAgents('')).toEqual({ agentNetworks: [], agents: [], requireIdentity: false });
  });

  it('parseAgents() reads tokens by their hash, and whether everybody must be known', () => {
    const text = `agents: [{name: ci, token_sha256: ${HASH}}]\nrequire_identity: true`;
    expect(parseAgents(text)).toEqual({
      agentNetworks: [],
      agents: [{ name: 'ci', networks: [], tokenSha256: HASH }],
      requireIdentity: true,
    });
  });

  it.each([
    ['agents: [{networks: []}]', 'an entry of agents must have a name'],
    ['agents: [{name: "a b"}]', 'agent name "a b" must be'],
    ['agents: [{name: 5}]', 'name must be text'],
    ['agents: [{name: a}, {name: a}]', 'agent "a" stands here twice: join them'],
    [
      'agents: [{name: a, networks: [10.0.0.1]}, {name: b, networks: [10.0.0.1/32]}]',
      'network 10.0.0.1/32 belongs to agent "a" already',
    ],
    ['agents: [a]', 'an entry of agents must be a map'],
    ['agent_networks: [10.0.0.1/8]', 'has host bits set: write "10.0.0.0/8"'],
    ['agent_networks: 10.0.0.0/8', 'agent_networks must be a list'],
    ['agent_network: []', 'unknown key "agent_network"'],
    ['agents: [{name: a, token_sha256: secret}]', 'printf %s TOKEN | sha256sum'],
    [`agents: [{name: a, token_sha256: ${HASH.toUpperCase()}}]`, 'lower case'],
    [
      `agents: [{name: a, token_sha256: ${HASH}}, {name: b, token_sha256: ${HASH}}]`,
      'this token belongs to agent "a" already',
    ],
    ['require_identity: maybe', 'require_identity must be true or false'],
    ['require_identity: true', 'would refuse everybody: list agents'],
  ])('parseAgents() refuses %j', (text, message) => {
    expect(problemsOf(parseAgents(text)).join('\n')).toContain(message);
  });
});
