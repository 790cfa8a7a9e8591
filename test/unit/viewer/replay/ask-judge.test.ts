import { describe, expect, it } from 'vitest';
import { compilePolicy } from '../../../../src/shared/policy.ts';
import { joinPolicy } from '../../../../src/shared/policy-join.ts';
import { AskJudge } from '../../../../src/viewer/replay/ask-judge.ts';
import { passesNow } from '../../../../src/viewer/replay/baseline.ts';
import { LineScan } from '../../../../src/viewer/replay/line-scan.ts';
import { FlowReader, type SeenAsk } from '../../../../src/viewer/replay/recorded-flow.ts';
import { logLine } from '../../../support/log-line.ts';

const NOW_MS = Date.UTC(2030, 0, 1);
const AGENTS = `agents:
  - { name: ci, networks: [10.0.0.0/24] }
  - { name: cd, token_sha256: ${'ab'.repeat(32)} }
`;

function seen(fields: object): SeenAsk {
  const scan = new LineScan();
  const base = { event: 'allowed' as const, client: '10.9.9.9', host: 'a.test', port: 443 };
  scan.stamp(Buffer.from(logLine({ ...base, method: 'GET', url: 'https://a.test/x', ...fields })));
  const found = new FlowReader(scan).read();
  if (typeof found === 'string') throw new Error(`No ask: ${found}`);
  return found;
}

function judge(texts: Readonly<Record<string, string>>, fields: object, isProxied = false) {
  const { source, problems } = joinPolicy({ mode: 'enforce', ...texts });
  expect(problems).toEqual([]);
  const { facts } = seen(fields);
  const judged = new AskJudge(compilePolicy(1, source), { isProxied, nowMs: NOW_MS }).judge(facts);
  return { ...judged, passesNow: passesNow(judged, facts) };
}

const allow = (...entries: string[]) => ({
  'enforce.yaml': `allow:\n${entries.map((entry) => `  - ${entry}\n`).join('')}`,
});

describe('AskJudge', () => {
  it('knows an agent by its token as recorded, others by their address under this policy', () => {
    const rule = allow('{ host: a.test, agents: [ci] }');
    const texts = { ...rule, 'agents.yaml': AGENTS };
    expect(judge(texts, { agent: 'ci' })).toMatchObject({ passes: false, agent: '' });
    expect(judge(texts, { agent: '', client: '10.0.0.7' })).toMatchObject({
      passes: true,
      agent: 'ci',
    });
    expect(judge(texts, { agent: 'cd', client: '10.0.0.7' })).toMatchObject({
      passes: false,
      agent: 'cd',
    });
  });

  it('lets nobody pass whom a policy does not know that requires an identity', () => {
    const texts = { ...allow('a.test'), 'agents.yaml': `${AGENTS}require_identity: true\n` };
    expect(judge(texts, {})).toMatchObject({ passes: false, reason: 'identity_required' });
    expect(judge(texts, { agent: 'cd' }).passes).toBe(true);
  });

  it('lets everybody ask for leash.internal, which is leash itself', () => {
    const texts = { 'agents.yaml': `${AGENTS}require_identity: true\n` };
    const fields = { host: 'leash.internal', port: 80, url: 'http://leash.internal/ca.pem' };
    for (const isProxied of [false, true]) {
      expect(judge(texts, fields, isProxied)).toMatchObject({ passes: true, reason: 'internal' });
    }
    expect(judge(texts, { ...fields, port: 8080 })).toMatchObject({ reason: 'internal_port' });
  });

  it('counts an entry that has expired by now as absent, whenever it was asked', () => {
    expect(
      judge(allow('{ host: a.test, expires: 2029-12-31 }'), { ts: 1_000_000_000 }).passes,
    ).toBe(false);
    expect(
      judge(allow('{ host: a.test, expires: 2030-12-31 }'), { ts: 2_000_000_000 }).passes,
    ).toBe(true);
  });

  it('judges what came by a tunnel as a tunnel where nobody looks into it, and the other way round', () => {
    const paths = allow('{ host: a.test, paths: [{ prefix: /x }] }');
    const unseen = { ...paths, 'network.yaml': 'passthrough: [a.test]\n' };
    expect(judge(paths, {}).passes).toBe(true);
    expect(judge(unseen, {}).passes).toBe(false);
    expect(judge(unseen, { url: 'http://a.test/x', port: 80 }).reason).toBe('not_in_allowlist');
    const tunnel = { event: 'uninspected', method: 'CONNECT', url: 'a.test:443' };
    expect(judge(unseen, tunnel).passes).toBe(false);
    expect(judge(paths, tunnel)).toMatchObject({ passes: true, ask: { stage: 'connect' } });
  });

  it('judges the address that was dialled, where leash dials itself', () => {
    const dialled = { upstream_ip: '10.3.3.3' };
    expect(judge(allow('a.test'), dialled).reason).toBe('address_not_allowed');
    expect(judge(allow('{ host: a.test, private: true }'), dialled).passes).toBe(true);
    const opened = { ...allow('a.test'), 'network.yaml': 'allow_private: ["10.3.3.3:443"]\n' };
    expect(judge(opened, dialled).passes).toBe(true);
    // The address of the proxy in between says nothing of the target.
    expect(judge(allow('a.test'), dialled, true).passes).toBe(true);
    const direct = { ...allow('a.test'), 'network.yaml': 'direct: [a.test]\n' };
    expect(judge(direct, dialled, true).passes).toBe(false);
    expect(judge(allow('db.internal'), { host: 'db.internal' }, true).passes).toBe(false);
  });

  it('what the address refused passes only by an entry that opens it', () => {
    const refused = { event: 'blocked', reason: 'address_not_allowed' };
    expect(judge(allow('a.test'), refused).passes).toBe(false);
    expect(judge(allow('{ host: a.test, private: true }'), refused).passes).toBe(true);
  });
});

describe('passesNow()', () => {
  it('counts what was refused then as refused where only the mode lets it pass', () => {
    const refused = { event: 'blocked', reason: 'not_in_allowlist' };
    expect(judge({ mode: 'audit' }, refused)).toMatchObject({ passes: true, passesNow: false });
    expect(judge({ mode: 'blocklist' }, refused)).toMatchObject({ passes: true, passesNow: false });
    expect(judge({ mode: 'audit', ...allow('a.test') }, refused).passesNow).toBe(true);
    expect(judge({ mode: 'audit' }, {}).passesNow).toBe(true);
    expect(judge({}, {}).passesNow).toBe(false);
  });
});
