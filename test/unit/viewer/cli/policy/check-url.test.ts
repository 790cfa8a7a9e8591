import { describe, expect, it } from 'vitest';
import { compilePolicy } from '../../../../../src/shared/policy.ts';
import { joinPolicy } from '../../../../../src/shared/policy-join.ts';
import { checkUrl, readUrl } from '../../../../../src/viewer/cli/policy/check-url.ts';

describe('readUrl()', () => {
  it.each<[string, object]>([
    ['https://A.test', { scheme: 'https', url: 'https://A.test', path: '/', method: 'GET' }],
    ['http://a.test:81/x?y', { scheme: 'http', path: '/x' }],
    ['a.test', { scheme: 'https', url: 'https://a.test', path: '/' }],
    ['a.test:80/x', { scheme: 'http', url: 'http://a.test:80/x', path: '/x' }],
    ['a.test:8080', { scheme: 'https' }],
    ['[::1]:80', { scheme: 'http' }],
  ])('%j', (text, question) => {
    expect(readUrl(text, 'get')).toMatchObject(question);
  });

  it.each(['ftp://a.test', '', 'https://user@a.test/', 'a.test/#x', 'a..test'])(
    '%j is none',
    (text) => expect(readUrl(text, 'GET')).toHaveProperty('problem'),
  );
});

describe('checkUrl()', () => {
  const policyOf = (texts: Record<string, string>) =>
    compilePolicy(1, joinPolicy({ mode: 'enforce\n', ...texts }).source);
  const check = (
    texts: Record<string, string>,
    url: string,
    { agent = '', client = '', method = 'GET' } = {},
  ) => {
    const question = readUrl(url, method);
    if ('problem' in question) throw new Error(question.problem);
    return checkUrl(
      policyOf(texts),
      question,
      { agent, client },
      {
        nowMs: 0,
        listeners: [{ address: '::', port: 8080 }],
        ownAddresses: new Set(['192.0.2.1']),
      },
    );
  };
  const paths = 'allow:\n  - host: a.test\n    paths: [{ method: GET, prefix: /v1/ }]\n';

  it('goes the way of a worker: tunnel, then request', () => {
    const files = { 'enforce.yaml': paths };
    expect(check(files, 'https://b.test/')).toMatchObject({
      passes: false,
      stage: 'connect',
      reason: 'not_in_allowlist',
    });
    expect(check(files, 'https://a.test/v2/')).toMatchObject({
      passes: false,
      stage: 'request',
      reason: 'path_not_allowed',
      rule: 'enforce.yaml:2 a.test',
    });
    expect(check(files, 'https://a.test/v1/x')).toMatchObject({ passes: true, stage: 'request' });
    expect(check(files, 'http://a.test/v1/x')).toMatchObject({ passes: false, stage: 'request' });
  });

  it('knows agents by address and by name', () => {
    const files = {
      'agents.yaml': 'require_identity: true\nagents:\n  - { name: ci, networks: [10.0.0.0/8] }\n',
      'enforce.yaml': 'allow:\n  - { host: a.test, agents: [ci] }\n',
    };
    expect(check(files, 'a.test')).toMatchObject({
      passes: false,
      stage: 'identity',
      reason: 'identity_required',
    });
    expect(check(files, 'a.test', { client: '10.1.1.1' })).toMatchObject({
      passes: true,
      agent: 'ci',
    });
    expect(check(files, 'a.test', { agent: 'ci' })).toMatchObject({ passes: true });
    expect(check(files, 'a.test', { agent: 'other' })).toMatchObject({ passes: false });
  });

  it('asks of a tunnel that is not opened nothing but the tunnel', () => {
    const files = { 'enforce.yaml': paths, 'network.yaml': 'passthrough: [a.test]\n' };
    expect(check(files, 'https://a.test/v1/x')).toMatchObject({
      passes: false,
      stage: 'tunnel',
      uninspected: 'passthrough',
    });
    const open = {
      'enforce.yaml': 'allow: [a.test]\n',
      'network.yaml': 'opaque: ["a.test:443"]\n',
    };
    expect(check(open, 'https://a.test/')).toMatchObject({ passes: true, uninspected: 'opaque' });
  });

  it('judges addresses that stand in the URL, and says that a name was not looked up', () => {
    const audit = { mode: 'audit\n' };
    expect(check(audit, 'http://a.test/')).toMatchObject({
      passes: true,
      wouldBlock: true,
      isAddressChecked: false,
    });
    expect(check(audit, 'http://10.0.0.1/')).toMatchObject({
      passes: false,
      stage: 'address',
      reason: 'address_not_allowed',
      isAddressChecked: true,
    });
    const open = { ...audit, 'network.yaml': 'allow_private: [10.0.0.0/8, 192.0.2.0/24]\n' };
    expect(check(open, 'http://10.0.0.1/')).toMatchObject({ passes: true });
    expect(check(open, 'http://192.0.2.1:8080/')).toMatchObject({ reason: 'self_connection' });
  });
});
