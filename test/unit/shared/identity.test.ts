import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { identify, isAgentAddress, readCredential } from '../../../src/shared/identity.ts';
import { policyOf } from '../../support/policy-ask.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest();
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
const shown = (text: string) => readCredential(basic(text)) ?? ('wrong' as const);

describe('readCredential()', () => {
  it.each([
    ['ci:secret', 'ci', 'secret'],
    ['ci:', 'ci', ''],
    ['ci:a:b', 'ci', 'a:b'],
    [':x', '', 'x'],
    ['ci:schlüssel', 'ci', 'schlüssel'],
  ])('readCredential() reads %j as name and hash', (text, name, token) => {
    expect(readCredential(basic(text))).toEqual({ name, sha256: sha256(token) });
  });

  it('readCredential() takes the scheme in any case', () => {
    expect(readCredential(basic('a:b').replace('Basic', 'bAsIc'))).not.toBeNull();
  });

  it.each([
    ['', 'nothing'],
    ['Basic', 'no value'],
    ['Bearer abc', 'another scheme'],
    [basic('no-colon'), 'no colon'],
    ['Basic a b', 'a blank inside'],
    ['Basic !!!!', 'no base64'],
    [basic(`a:${'x'.repeat(2000)}`), 'too long'],
  ])('readCredential() gives null for %j (%s)', (value) => {
    expect(readCredential(value)).toBeNull();
  });
});

describe('identify()', () => {
  const tokenSha256 = sha256('secret').toString('hex');
  const policy = policyOf({
    agents: [
      { name: 'ci', networks: [], tokenSha256 },
      { name: 'wide', networks: ['10.1.0.0/16', '192.168.0.0/24'], tokenSha256: '' },
      { name: 'one', networks: ['10.1.2.3/32'], tokenSha256: '' },
    ],
  });

  it.each([
    ['10.1.2.3', 'one'],
    ['::ffff:10.1.2.3', 'one'],
    ['10.1.9.9', 'wide'],
    ['10.2.0.1', ''],
    ['192.168.0.5', 'wide'],
    ['garbage', ''],
  ])('identify() knows %j by its network as %j', (ip, agent) => {
    expect(identify(policy, ip, null)).toEqual({ agent });
  });

  it('identify() takes a token before the network', () => {
    expect(identify(policy, '10.1.2.3', shown('ci:secret'))).toEqual({ agent: 'ci' });
  });

  it.each([
    ['a wrong token', shown('ci:Secret')],
    ['an unknown name', shown('cj:secret')],
    ['an agent without a token', shown('one:')],
    ['no credential at all', 'wrong' as const],
  ])('identify() refuses %s, also from a known network', (_what, credential) => {
    expect(identify(policy, '10.1.2.3', credential)).toEqual({ problem: 'identity_unknown' });
  });

  it('identify() checks nothing where no agent has a token', () => {
    const byNetwork = policyOf({
      agents: [{ name: 'one', networks: ['10.1.2.3/32'], tokenSha256: '' }],
    });
    expect(identify(byNetwork, '10.1.2.3', 'wrong')).toEqual({ agent: 'one' });
    expect(identify(byNetwork, '10.9.9.9', shown('one:'))).toEqual({ agent: '' });
  });

  it('identify() asks for an identity where one is required', () => {
    const strict = policyOf({
      requireIdentity: true,
      agents: [{ name: 'ci', networks: ['10.0.0.0/8'], tokenSha256 }],
    });
    expect(identify(strict, '10.0.0.1', null)).toEqual({ agent: 'ci' });
    expect(identify(strict, '11.0.0.1', null)).toEqual({ problem: 'identity_required' });
    expect(identify(strict, '11.0.0.1', shown('ci:secret'))).toEqual({ agent: 'ci' });
  });
});

describe('isAgentAddress()', () => {
  const policy = policyOf({
    agentNetworks: ['10.0.0.0/8', 'fe80::/10'],
    agents: [{ name: 'wide', networks: ['192.168.0.0/24'], tokenSha256: '' }],
  });

  it.each([
    ['10.2.0.1', true],
    ['::ffff:10.1.2.3', true],
    ['192.168.0.5', true],
    ['fe80::1%eth0', true],
    ['11.0.0.1', false],
    ['2606::1', false],
    ['garbage', true],
    ['', true],
  ])('isAgentAddress() says of %j: %s', (ip, agent) => {
    expect(isAgentAddress(policy, ip)).toBe(agent);
  });
});
