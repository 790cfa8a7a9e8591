import { describe, expect, it } from 'vitest';
import { isProblems, parseRules } from '../../../../src/shared/policy-file.ts';
import type { Rule } from '../../../../src/shared/policy-source.ts';
import { ruleEntry } from '../../../../src/viewer/policy/rule-entry.ts';

const facts = { host: 'api.example.com', port: 8443, method: 'GET', path: '' };
const rulesOf = (text: string | null) => parseRules('enforce.yaml', text ?? 'none') as Rule[];

describe('ruleEntry()', () => {
  it.each([
    ['/v1/items/7?x=1', '/v1/items/'],
    ['/v1/items/', '/v1/items/'],
    ['/health', '/health'],
    ['/', '/'],
    ['/a/./b/../c', '/a/'],
    ['/a%41/b"c', null],
    ['/a"b: {c}, #d/e', null],
  ])('ruleEntry() of %s names its folder', (path, prefix) => {
    const text = ruleEntry('enforce.yaml', { ...facts, path });
    const [rule] = rulesOf(text);
    expect(rule).toMatchObject({ host: 'api.example.com', ports: [8443], subdomains: false });
    if (prefix !== null) expect(rule?.paths).toEqual([{ method: 'GET', prefix }]);
    expect(text?.split('\n').filter((line) => !line.startsWith('  #'))).toHaveLength(7);
  });

  it.each([
    ['/', '# any path of this host'],
    ['/a%2f..%2fb', '# any path of this host'],
    ['/health', '# any path that begins with this prefix'],
    ['/v1/items/7', null],
    ['', null],
  ])('ruleEntry() of %j says where it names more than that', (path, note) => {
    const text = ruleEntry('blocklist.yaml', { ...facts, path });
    expect(/#.*/.exec(text ?? '')?.[0] ?? null).toBe(note);
    expect(isProblems(parseRules('blocklist.yaml', text ?? ''))).toBe(false);
  });

  it('ruleEntry() of a path that can be read in several ways names the method alone', () => {
    const [rule] = rulesOf(ruleEntry('enforce.yaml', { ...facts, path: '/a%2f..%2fb' }));
    expect(rule?.paths).toEqual([{ method: 'GET', prefix: '' }]);
  });

  it('ruleEntry() of a tunnel names host and port', () => {
    const [rule] = rulesOf(ruleEntry('enforce.yaml', { ...facts, method: '' }));
    expect(rule?.paths).toBeNull();
    expect(isProblems(parseRules('blocklist.yaml', ruleEntry('blocklist.yaml', facts) ?? ''))).toBe(
      false,
    );
  });

  it('ruleEntry() is null where no valid entry can name the request', () => {
    const method = 'GET", prefix: "/';
    expect(ruleEntry('enforce.yaml', { ...facts, method, path: '/x' })).toBeNull();
    expect(ruleEntry('enforce.yaml', { ...facts, host: 'a\n  - b' })).toBeNull();
  });
});
