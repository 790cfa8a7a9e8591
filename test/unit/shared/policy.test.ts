import { describe, expect, it } from 'vitest';
import { compilePolicy, decide, denyAll } from '../../../src/shared/policy.ts';
import type { PolicySource, Rule } from '../../../src/shared/policy-source.ts';
import { askFor, networkOf, policyOf, ruleFor } from '../../support/policy-ask.ts';
import { readSources } from '../../support/source-tree.ts';

const enforce = (...allow: Rule[]) => policyOf({ mode: 'enforce', allow });
const audit = (...allow: Rule[]) => policyOf({ mode: 'audit', allow });
const blocklist = (...block: Rule[]) => policyOf({ mode: 'blocklist', block });

/** Whether it passes, and why: `+rule`, `-not_in_allowlist`. */
function verdict(policy: ReturnType<typeof policyOf>, ...ask: Parameters<typeof askFor>): string {
  const { allow, reason } = decide(policy, askFor(...ask));
  return `${allow ? '+' : '-'}${reason}`;
}

describe('decide()', () => {
  it('`decide` is pure and is the only place that allows or denies', () => {
    const rule = ruleFor('a.test', { ports: [443], paths: [{ method: 'GET', prefix: '/a' }] });
    const policy = policyOf({ mode: 'blocklist', allow: [rule], block: [rule] });
    const ask = askFor('GET https://a.test/a');
    const before = structuredClone({ policy, ask });
    const first = decide(Object.freeze(policy), Object.freeze(ask));
    expect(decide(policy, ask)).toEqual(first);
    expect({ policy, ask }).toEqual(before);
    const deciders = readSources('src').filter(({ code }) => /\ballow: (true|false)\b/.test(code));
    expect(deciders.map(({ path }) => path)).toEqual(['src/shared/policy.ts']);
  });

  it('denies everything as long as no policy is loaded', () => {
    for (const text of ['a.test:443', 'GET https://a.test/', '10.0.0.1:80']) {
      expect(decide(denyAll, askFor(text))).toEqual({
        allow: false,
        reason: 'no_policy',
        rule: '',
        wouldBlock: false,
        privateRule: false,
        literalRule: false,
      });
    }
  });

  it.each([
    ['a.test:443', '+rule'],
    ['A.TEST.:443', '+rule'],
    ['x.a.test:443', '+rule'],
    ['y.x.a.test:443', '+rule'],
    ['a.test:80', '-not_in_allowlist'],
    ['nota.test:443', '-not_in_allowlist'],
    ['a.test.evil.test:443', '-not_in_allowlist'],
    ['test:443', '-not_in_allowlist'],
    ['GET https://a.test/any', '+rule'],
    ['GET http://a.test/any', '-not_in_allowlist'],
  ])('enforces: %s is %s where a.test has port 443', (text, expected) => {
    expect(verdict(enforce(ruleFor('a.test', { ports: [443] })), text)).toBe(expected);
  });

  it('matches the name alone with subdomains: false', () => {
    const policy = enforce(ruleFor('a.test', { subdomains: false }));
    expect(verdict(policy, 'a.test:443')).toBe('+rule');
    expect(verdict(policy, 'x.a.test:443')).toBe('-not_in_allowlist');
  });

  it('matches an IP literal as an IP literal only, in any spelling', () => {
    const policy = enforce(ruleFor('10.0.0.1'), ruleFor('::1'));
    expect(decide(policy, askFor('0x0a.1:443'))).toMatchObject({ allow: true, literalRule: true });
    expect(decide(policy, askFor('[0:0::1]:443'))).toMatchObject({
      allow: true,
      literalRule: true,
    });
    expect(verdict(policy, '[::ffff:10.0.0.1]:443')).toBe('+rule');
    expect(verdict(enforce(ruleFor('0.1')), '10.0.0.1:443')).toBe('-not_in_allowlist');
    expect(decide(enforce(ruleFor('a.test')), askFor('a.test')).literalRule).toBe(false);
  });

  it('the most specific level that has an entry decides, even when its ports, paths or agents do not match', () => {
    const wide = ruleFor('a.test');
    const narrow: readonly Partial<Rule>[] = [
      { ports: [8443] },
      { paths: [{ method: 'PUT', prefix: '' }] },
      { agents: ['ci'] },
    ];
    for (const changes of narrow) {
      const policy = enforce(wide, ruleFor('x.a.test', changes));
      const ask = 'GET https://x.a.test/';
      expect(verdict(policy, ask)).toMatch(/^-/);
      expect(verdict(policy, ask.replace('x.a', 'y.x.a'))).toMatch(/^-/);
      expect(verdict(policy, ask.replace('x.a', 'y.a'))).toBe('+rule');
      const blocked = blocklist(wide, ruleFor('x.a.test', changes));
      expect(verdict(blocked, ask)).toBe('+not_in_blocklist');
      expect(verdict(blocked, ask.replace('x.a', 'y.a'))).toBe('-in_blocklist');
    }
  });

  it('an expired entry counts as absent, from its very millisecond on', () => {
    const policy = enforce(
      ruleFor('a.test'),
      ruleFor('x.a.test', { ports: [1], expiresAtMs: 100 }),
    );
    expect(verdict(policy, 'x.a.test:443', { nowMs: 99 })).toBe('-not_in_allowlist');
    expect(verdict(policy, 'x.a.test:443', { nowMs: 100 })).toBe('+rule');
    const alone = enforce(ruleFor('a.test', { expiresAtMs: 100 }));
    expect(verdict(alone, 'a.test:443', { nowMs: 99 })).toBe('+rule');
    expect(verdict(alone, 'a.test:443', { nowMs: 100 })).toBe('-not_in_allowlist');
  });

  it('an entry that holds for the name alone does not narrow what its subdomains may', () => {
    const policy = enforce(
      ruleFor('a.test'),
      ruleFor('x.a.test', { ports: [1], subdomains: false }),
    );
    expect(verdict(policy, 'x.a.test:443')).toBe('-not_in_allowlist');
    expect(verdict(policy, 'y.x.a.test:443')).toBe('+rule');
  });

  it('takes several entries of one host as alternatives', () => {
    const policy = enforce(
      ruleFor('a.test', { ports: [80] }),
      ruleFor('a.test', { ports: [443], text: 'second', private: true }),
    );
    expect(verdict(policy, 'a.test:80')).toBe('+rule');
    expect(decide(policy, askFor('a.test:443'))).toMatchObject({
      rule: 'second',
      privateRule: true,
    });
    expect(verdict(policy, 'a.test:81')).toBe('-not_in_allowlist');
  });

  it('gives a rule of agents to the agents it names, and to nobody without a name', () => {
    const policy = enforce(ruleFor('a.test', { agents: ['ci', ''] }));
    expect(verdict(policy, 'a.test:443', { agent: 'ci' })).toBe('+rule');
    expect(verdict(policy, 'a.test:443', { agent: 'cd' })).toBe('-not_in_allowlist');
    expect(verdict(policy, 'a.test:443', { agent: '' })).toBe('-not_in_allowlist');
  });

  it.each([
    ['a.test:443', '+rule'],
    ['GET https://a.test/repos/x', '+rule'],
    ['get https://a.test/repos/x?y=/../z', '+rule'],
    ['GET https://a.test/x/../repos/y', '+rule'],
    ['POST https://a.test/repos/x', '-path_not_allowed'],
    ['POST https://a.test/upload', '+rule'],
    ['GET https://a.test/repos', '-path_not_allowed'],
    ['GET https://a.test/repos/../secret', '-path_not_allowed'],
    ['GET https://a.test/repos/%2e%2e/secret', '-path_not_allowed'],
    ['GET https://a.test/repos/..%2fsecret', '-path_not_allowed'],
    ['GET https://a.test/repos/..;/secret', '-path_not_allowed'],
    ['GET https://a.test/REPOS/x', '-path_not_allowed'],
    ['GET https://a.test/', '-path_not_allowed'],
  ])('enforces paths: %s is %s', (text, expected) => {
    const paths = [
      { method: 'GET', prefix: '/repos/' },
      { method: 'POST', prefix: '/upload' },
    ];
    expect(verdict(enforce(ruleFor('a.test', { paths })), text)).toBe(expected);
  });

  it('denies an ambiguous path as soon as one of the entries has paths, and only then', () => {
    const narrow = ruleFor('a.test', { paths: [{ method: '', prefix: '/a' }] });
    expect(verdict(enforce(narrow, ruleFor('a.test')), 'GET https://a.test/a%2fb')).toBe(
      '-path_not_allowed',
    );
    expect(verdict(enforce(ruleFor('a.test')), 'GET https://a.test/a%2fb')).toBe('+rule');
  });

  it.each([
    ['a.test:443', '+not_in_blocklist'],
    ['GET https://a.test/', '+not_in_blocklist'],
    ['GET https://a.test/admin', '-in_blocklist'],
    ['GET https://a.test//admin', '-in_blocklist'],
    ['GET https://a.test/x/../admin/y', '-in_blocklist'],
    ['GET https://a.test/%61dmin', '-in_blocklist'],
    ['GET https://a.test/x%2f..%2fadmin', '-path_not_allowed'],
    ['GET https://a.test/a:b', '-in_blocklist'],
    ['GET https://a.test/a%3ab', '-in_blocklist'],
    ['GET https://a.test/c%3Ad', '-in_blocklist'],
    ['GET https://a.test/c:d', '-in_blocklist'],
    ['GET https://a.test/e%7cf', '-in_blocklist'],
    ['GET https://b.test/admin', '+not_in_blocklist'],
  ])('blocks paths: %s is %s', (text, expected) => {
    const paths = ['/admin', '/a:b', '/c%3Ad', '/e|f'].map((prefix) => ({ method: '', prefix }));
    expect(verdict(blocklist(ruleFor('a.test', { paths })), text)).toBe(expected);
  });

  it('blocks the tunnel where an entry without paths matches, whatever else is listed', () => {
    const paths = [{ method: '', prefix: '/x' }];
    const policy = blocklist(ruleFor('a.test', { paths }), ruleFor('a.test', { ports: [443] }));
    expect(verdict(policy, 'a.test:443')).toBe('-in_blocklist');
    expect(verdict(policy, 'a.test:80')).toBe('+not_in_blocklist');
  });

  it('lets everything pass in audit mode, and says what enforce would block', () => {
    const policy = audit(
      ruleFor('a.test'),
      ruleFor('b.test', { paths: [{ method: '', prefix: '/x' }] }),
    );
    expect(decide(policy, askFor('a.test:443'))).toMatchObject({
      reason: 'rule',
      rule: 'rule of a.test',
      wouldBlock: false,
    });
    expect(decide(policy, askFor('c.test:443'))).toMatchObject({
      allow: true,
      reason: 'mode_audit',
      rule: '',
      wouldBlock: true,
    });
    expect(decide(policy, askFor('GET https://b.test/y'))).toMatchObject({
      reason: 'mode_audit',
      rule: 'rule of b.test',
      wouldBlock: true,
    });
  });

  it('says in blocklist mode, too, what enforce would block and what the allow list opens', () => {
    const allow = [ruleFor('a.test', { private: true }), ruleFor('10.0.0.1')];
    const policy = policyOf({ mode: 'blocklist', allow });
    expect(decide(policy, askFor('a.test:443'))).toMatchObject({
      reason: 'not_in_blocklist',
      rule: '',
      wouldBlock: false,
      privateRule: true,
    });
    expect(decide(policy, askFor('10.0.0.1:443')).literalRule).toBe(true);
    expect(decide(policy, askFor('10.0.0.2:443'))).toMatchObject({
      allow: true,
      wouldBlock: true,
      privateRule: false,
      literalRule: false,
    });
  });

  it('a denial opens no address, and names the rule that decided', () => {
    const rule = ruleFor('10.0.0.1', { private: true });
    const policy = policyOf({ mode: 'blocklist', allow: [rule], block: [rule] });
    expect(decide(policy, askFor('10.0.0.1:443'))).toEqual({
      allow: false,
      reason: 'in_blocklist',
      rule: 'rule of 10.0.0.1',
      wouldBlock: false,
      privateRule: false,
      literalRule: false,
    });
  });
});

describe('decide() in blocklist mode with paths', () => {
  it('decide() refuses a path with parameters, which some servers cut out', () => {
    const policy = blocklist(ruleFor('a.test', { paths: [{ method: '', prefix: '/admin/' }] }));
    expect(verdict(policy, 'GET https://a.test/admin;x/secret')).toBe('-path_not_allowed');
    expect(verdict(policy, 'GET https://a.test/%3Bx/admin/secret')).toBe('-path_not_allowed');
    expect(verdict(policy, 'GET https://a.test/other')).toBe('+not_in_blocklist');
    expect(verdict(policy, 'GET https://b.test/a;b')).toBe('+not_in_blocklist');
  });
});

describe('compilePolicy()', () => {
  it('compilePolicy() gives the same decisions after the way over the pipe', () => {
    const source: PolicySource = {
      mode: 'blocklist',
      allow: [ruleFor('a.test', { ports: [443], expiresAtMs: 5 })],
      block: [ruleFor('b.test', { paths: [{ method: 'GET', prefix: '/a%3Ab' }] })],
      agentNetworks: ['10.0.0.0/8'],
      agents: [{ name: 'ci', networks: ['10.0.0.1/32'], tokenSha256: 'ab'.repeat(32) }],
      requireIdentity: true,
      network: {
        allowPrivate: ['127.0.0.1/32:80'],
        deny: ['1.1.1.1/32'],
        nat64: ['2606::/96'],
        passthrough: ['pinned.test', '*.pins.test'],
        opaque: ['git.test:22'],
        direct: ['intern.test', '*.corp.test'],
      },
    };
    expect(compilePolicy(3, JSON.parse(JSON.stringify(source)))).toEqual(compilePolicy(3, source));
    expect(compilePolicy(3, source)).toMatchObject({ version: 3, mode: 'blocklist' });
  });

  it('compilePolicy() throws on what no policy file can hold', () => {
    const network = networkOf({ allowPrivate: ['10.0.0.1/8'] });
    expect(() => policyOf({ network })).toThrow(TypeError);
    expect(() => policyOf({ agentNetworks: ['x'] })).toThrow(TypeError);
  });
});
