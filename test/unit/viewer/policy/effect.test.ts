import { describe, expect, it } from 'vitest';
import { compilePolicy } from '../../../../src/shared/policy.ts';
import { joinPolicy } from '../../../../src/shared/policy-join.ts';
import { EffectCount } from '../../../../src/viewer/policy/effect.ts';
import { makeRow } from '../../../support/make-row.ts';

const policyOf = (texts: Readonly<Record<string, string>>) =>
  compilePolicy(1, joinPolicy({ mode: 'enforce', ...texts }).source);
const allow = (list: string) => policyOf({ 'enforce.yaml': `allow: ${list}\n` });

function effectOf(before: string, after: string, rows: readonly ReturnType<typeof makeRow>[]) {
  const count = new EffectCount(allow(before), allow(after), 1_700_000_000_000);
  for (const row of rows) count.take(row);
  return count.result();
}

describe('EffectCount', () => {
  it('EffectCount counts requests, agents and hosts that are newly allowed and newly blocked', () => {
    const rows = [
      makeRow({ agent: 'ci' }),
      makeRow({ agent: 'ci', url: 'https://a.test/x', class: 'would_block', would_block: true }),
      makeRow({ client: '10.0.0.6' }),
      makeRow({ host: 'gone.test', url: 'https://gone.test/' }),
      makeRow({ host: 'other.test', url: 'https://other.test/' }),
    ];
    const effect = effectOf('[gone.test]', '[a.test]', rows);
    expect(effect).toEqual({
      requests: 5,
      newly_allowed: {
        requests: 3,
        agents: 2,
        hosts: 1,
        top_agents: ['ci', '10.0.0.6'],
        top_hosts: ['a.test'],
      },
      newly_blocked: {
        requests: 1,
        agents: 1,
        hosts: 1,
        top_agents: ['10.0.0.5'],
        top_hosts: ['gone.test'],
      },
    });
  });

  it('EffectCount looks at method and path of a request, and at the host alone where a tunnel was refused', () => {
    const refused = { class: 'blocked', reason: 'not_in_allowlist', event: 'blocked' } as const;
    const rows = [
      makeRow({ url: 'https://a.test/v1/x' }),
      makeRow({ url: 'https://a.test/v2/x' }),
      makeRow({ url: 'https://a.test/v1/x', method: 'POST' }),
      makeRow({ ...refused, url: 'a.test:443', method: 'CONNECT' }),
    ];
    const rule = '[{host: a.test, paths: [{method: GET, prefix: /v1/}]}]';
    expect(effectOf('[]', rule, rows).newly_allowed.requests).toBe(2);
  });

  it('EffectCount leaves out what no rule changes', () => {
    const blocked = (reason: string) => makeRow({ class: 'blocked', event: 'blocked', reason });
    const rows = [
      blocked('malformed'),
      blocked('identity_required'),
      blocked('address_not_allowed'),
      makeRow({ class: 'event', event: 'start', host: '' }),
      makeRow({ event: 'websocket' }),
    ];
    expect(effectOf('[]', '[a.test]', rows).newly_allowed.requests).toBe(0);
    const opened = effectOf('[]', '[{host: a.test, private: true}]', rows);
    expect(opened.newly_allowed.requests).toBe(1);
  });

  it('EffectCount holds a bounded number of names', () => {
    const rows = Array.from({ length: 6000 }, (_, n) =>
      makeRow({ agent: `agent-${n}`, host: 'a.test' }),
    );
    expect(effectOf('[]', '[a.test]', rows).newly_allowed).toMatchObject({
      requests: 6000,
      agents: 5000,
    });
  });
});
