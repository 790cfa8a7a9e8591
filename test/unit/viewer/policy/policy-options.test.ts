import { describe, expect, it } from 'vitest';
import { parseAuthority } from '../../../../src/shared/host.ts';
import { joinPolicy } from '../../../../src/shared/policy-join.ts';
import { placeOf, policyOptions } from '../../../../src/viewer/policy/policy-options.ts';
import { makeRow } from '../../../support/make-row.ts';

function optionsOf(
  texts: Record<string, string>,
  authority: string,
  facts: Parameters<typeof makeRow>[0] = {},
) {
  const target = parseAuthority(authority, 443);
  if ('problem' in target) throw new Error('wrong test');
  const { host, port } = target;
  const row = makeRow({ host, port, url: `https://${authority}/`, ...facts });
  return policyOptions(joinPolicy(texts).source, { row, target, nowMs: 0 });
}

describe('policyOptions()', () => {
  it('policyOptions() offers names and prefixes, and the entries that decide', () => {
    const texts = {
      'enforce.yaml': 'allow:\n  - x.test\n  - "*.example.co.uk"\n',
      'blocklist.yaml': 'block:\n  - {host: example.co.uk, ports: [22]}\n',
      'agents.yaml': 'agents: [{name: ci, networks: [10.0.0.0/8]}]\n',
    };
    const url = 'https://api.example.co.uk/v1/items/7?x=1';
    expect(optionsOf(texts, 'api.example.co.uk', { url })).toEqual({
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
    const kind = (authority: string) => optionsOf({}, authority).address;
    expect(['10.0.0.1', '8.8.8.8', '127.0.0.1', '[fd00::1]', 'a.test'].map(kind)).toEqual([
      'private',
      'public',
      'special',
      'private',
      'name',
    ]);
  });
});

describe('policyOptions() of a request that was refused', () => {
  const refused = (reason: string) => ({ class: 'blocked', event: 'blocked', reason }) as const;
  const passes = (list: string, facts: Parameters<typeof makeRow>[0]) => {
    const { allow, block } = optionsOf({ 'enforce.yaml': `allow: ${list}\n` }, 'a.test', facts);
    return [allow.passes, block.passes];
  };

  it('policyOptions() does not say that a listed name passes whose address is closed', () => {
    const facts = refused('address_not_allowed');
    expect(passes('[a.test]', facts)).toEqual([false, false]);
    expect(passes('[{host: a.test, private: true}]', facts)).toEqual([true, true]);
  });

  it('policyOptions() does not say that anything passes that no rule decides', () => {
    expect(passes('[a.test]', refused('malformed'))).toEqual([false, false]);
    expect(passes('[a.test]', refused('not_in_allowlist'))).toEqual([true, true]);
  });

  it('policyOptions() lets no entry with paths open a tunnel of which no request is seen', () => {
    const rule = '[{host: a.test, paths: [{prefix: /}]}]';
    expect(passes(rule, {})).toEqual([true, true]);
    expect(passes(rule, { class: 'uninspected' })).toEqual([false, true]);
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
