import { describe, expect, it } from 'vitest';
import { parseAuthority, parsePath } from '../../../../src/shared/host.ts';
import { joinPolicy } from '../../../../src/shared/policy-join.ts';
import { placeOf, policyOptions } from '../../../../src/viewer/policy/policy-options.ts';

function optionsOf(texts: Record<string, string>, authority: string, path: string) {
  const target = parseAuthority(authority, 443);
  const parsed = parsePath(path);
  if ('problem' in target || 'problem' in parsed) throw new Error('wrong test');
  const ask = { stage: 'request', target, agent: '', nowMs: 0, method: 'GET', ...parsed } as const;
  return policyOptions(joinPolicy(texts).source, ask);
}

describe('policyOptions()', () => {
  it('policyOptions() offers names and prefixes, and the entries that decide', () => {
    const texts = {
      'enforce.yaml': 'allow:\n  - x.test\n  - "*.example.co.uk"\n',
      'blocklist.yaml': 'block:\n  - {host: example.co.uk, ports: [22]}\n',
      'agents.yaml': 'agents: [{name: ci, networks: [10.0.0.0/8]}]\n',
    };
    expect(optionsOf(texts, 'api.example.co.uk', '/v1/items/7?x=1')).toEqual({
      wider_hosts: ['example.co.uk'],
      prefixes: ['/', '/v1/', '/v1/items/', '/v1/items/7'],
      allow: {
        passes: true,
        entry: { file: 'enforce.yaml', line: 3, host: '*.example.co.uk' },
      },
      block: { passes: true, entry: null },
      agents: ['ci'],
      address: 'name',
    });
  });

  it('policyOptions() says what kind of address a host is', () => {
    const kind = (authority: string) => optionsOf({}, authority, '/').address;
    expect(['10.0.0.1', '8.8.8.8', '127.0.0.1', '[fd00::1]', 'a.test'].map(kind)).toEqual([
      'private',
      'public',
      'special',
      'private',
      'name',
    ]);
  });
});

describe('placeOf()', () => {
  it('placeOf() reads the text of a rule', () => {
    expect(placeOf('enforce.local.yaml:12 *.a.test')).toEqual({
      file: 'enforce.local.yaml',
      line: 12,
      host: '*.a.test',
    });
    expect(placeOf('')).toBeNull();
  });
});
