// `leashctl check` beside a leash that runs: it says what leash does.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PolicyStage, startPolicyStage } from '../support/policy-stage.ts';

let stage: PolicyStage;
beforeAll(async () => {
  stage = await startPolicyStage();
});
afterAll(() => stage.close());

describe('leashctl check', () => {
  it.each<[string[], number, RegExp]>([
    [['https://pypi.org/simple'], 0, /^PASSES\n.*\nrule +enforce\.yaml:4 +- pypi\.org/s],
    [['files.pypi.org'], 0, /^PASSES/],
    [
      ['api.test:8443/x', '--method', 'delete'],
      0,
      /^request +DELETE https:\/\/api\.test:8443\/x$/m,
    ],
    [['api.test:22'], 1, /^BLOCKED\n.*reason +not_in_allowlist \(at CONNECT\)\nrule +enforce/s],
    [['http://pypi.org/'], 1, /reason +not_in_allowlist \(at the request\)/],
    [['evil.test', '--client', '10.9.1.1'], 1, /^agent +ci$/m],
    [['evil.test', '--agent', 'nobody'], 1, /^note +agents\.yaml knows no agent nobody$/m],
  ])('%j exits with %i', async (args, code, text) => {
    await stage.reset();
    const result = await stage.leashctl(['check', ...args]);
    expect(result).toMatchObject({ code, stderr: '' });
    expect(result.stdout).toMatch(text);
  });

  it('says what leash does, in each mode', async () => {
    const url = `http://127.0.0.1:${stage.origin.port}/check`;
    for (const mode of ['enforce', 'audit', 'blocklist']) {
      expect((await stage.leashctl(['mode', mode])).code).toBe(0);
      const { code, stdout } = await stage.leashctl([
        'check',
        url,
        '--client',
        '127.0.0.1',
        '--json',
      ]);
      const answer = JSON.parse(stdout);
      expect(answer).toMatchObject({ mode, url, method: 'GET', notes: [] });
      expect(answer.passes).toBe(await stage.passes(url));
      expect(code).toBe(answer.passes ? 0 : 1);
      expect(answer.would_block_in_enforce).toBe(mode !== 'enforce');
    }
    await stage.leashctl(['mode', 'enforce']);
  });

  it.each<[string[], RegExp]>([
    [['ftp://a.test/'], /is no URL: not an http or https URI\n$/],
    [['http://a.test/\x1b[31m'], /^leashctl: http:\/\/a\.test\/\\x1b\[31m is no URL/],
    [['a.test', '--client', 'here'], /--client takes an IP address, got here\n$/],
  ])('%j exits with 2', async (args, message) => {
    const result = await stage.leashctl(['check', ...args]);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toMatch(message);
  });

  it('a policy file that is wrong is exit code 4', async () => {
    await stage.leash.writePolicy({ 'enforce.yaml': 'allow: nothing\n' });
    const result = await stage.leashctl(['check', 'pypi.org', '--json']);
    await stage.reset();
    expect(result).toMatchObject({ code: 4, stdout: '' });
    expect(JSON.parse(result.stderr).error).toMatch(/^enforce\.yaml:1:\d+: /);
  });
});
