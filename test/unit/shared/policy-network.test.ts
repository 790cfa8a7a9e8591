import { describe, expect, it } from 'vitest';
import { parseNetwork } from '../../../src/shared/policy-file.ts';
import { EMPTY_POLICY } from '../../../src/shared/policy-source.ts';
import { problemsOf } from '../../support/good.ts';

describe('parseNetwork()', () => {
  it('parseNetwork() reads networks, with and without a port', () => {
    const text =
      'allow_private: ["127.0.0.1:5432", 10.0.0.0/8, "[fd00::/8]:80"]\ndeny: ["1.1.1.1"]\nnat64: ["2606::/96"]';
    expect(parseNetwork(text)).toEqual({
      allowPrivate: ['127.0.0.1/32:5432', '10.0.0.0/8', '[fd00::/8]:80'],
      deny: ['1.1.1.1/32'],
      nat64: ['2606::/96'],
      passthrough: [],
      opaque: [],
      direct: [],
    });
    expect(parseNetwork('')).toEqual(EMPTY_POLICY.network);
  });

  it('parseNetwork() reads the tunnels that are not looked into', () => {
    const text =
      'passthrough: [pinned.test, "*.pins.test", 192.0.2.1]\nopaque: ["git.test:22", "[::1]:25"]';
    expect(parseNetwork(text)).toMatchObject({
      passthrough: ['pinned.test', '*.pins.test', '192.0.2.1'],
      opaque: ['git.test:22', '[::1]:25'],
    });
  });

  it('parseNetwork() reads the hosts that go past the upstream proxy', () => {
    const text = 'direct: [intern.test, "*.corp.test", 10.0.0.7, "2001:db8::1"]';
    expect(parseNetwork(text)).toMatchObject({
      direct: ['intern.test', '*.corp.test', '10.0.0.7', '2001:db8::1'],
    });
  });

  it.each([
    ['allow_private: [internal.test]', 'is not an IP network'],
    ['deny: ["10.0.0.0/8:0"]', 'ports must be 1-65535'],
    ['nat64: ["2606::/95"]', 'is not a NAT64 prefix'],
    ['nat64: [10.0.0.0/8]', 'is not a NAT64 prefix'],
    ['allow: []', 'unknown key "allow"'],
    ['passthrough: [Pinned.test]', 'write "pinned.test"'],
    ['passthrough: ["*.PINS.test"]', 'write "*.pins.test"'],
    ['passthrough: ["*"]', 'is not a host'],
    ['passthrough: ["*.test"]', 'would match too much'],
    ['passthrough: ["*.10.0.0.1"]', 'would match too much'],
    ['passthrough: ["a.test:443"]', 'is not a host'],
    ['direct: [Intern.test]', 'write "intern.test"'],
    ['direct: ["[2001:db8::1]"]', 'write "2001:db8::1"'],
    ['direct: [10.0.0.0/8]', 'is not a host'],
    ['direct: ["a.test:443"]', 'is not a host'],
    ['direct: ["http://a.test"]', 'is not a host'],
    ['direct: ["*"]', 'is not a host'],
    ['direct: a.test', 'direct'],
    ['opaque: [git.test]', 'must be host:port'],
    ['opaque: ["*.git.test:22"]', 'must be host:port'],
    ['opaque: ["Git.test:22"]', 'write "git.test:22"'],
    ['opaque: ["git.test:0"]', 'must be host:port'],
  ])('parseNetwork() refuses %j', (text, message) => {
    expect(problemsOf(parseNetwork(text)).join('\n')).toContain(message);
  });
});
