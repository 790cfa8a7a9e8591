import { describe, expect, it } from 'vitest';
import { compilePolicy } from '../../../../src/shared/policy.ts';
import { joinPolicy } from '../../../../src/shared/policy-join.ts';
import { Backlog } from '../../../../src/viewer/harden/backlog.ts';
import { makeRow } from '../../../support/make-row.ts';

const policy = (list = '[]') =>
  compilePolicy(1, joinPolicy({ mode: 'enforce', 'enforce.yaml': `allow: ${list}\n` }).source);
const marked = { class: 'would_block', would_block: true } as const;
const row = (path: string, facts: Parameters<typeof makeRow>[0] = {}) =>
  makeRow({ ...marked, url: `https://a.test${path}`, ...facts });

function backlogOf(rows: readonly ReturnType<typeof makeRow>[], list?: string) {
  const backlog = new Backlog(policy(list), 1_700_000_000_000);
  for (const each of rows) backlog.take(each);
  return backlog.result();
}

describe('Backlog', () => {
  it('Backlog groups by host, agent, method and prefix, with counts, times, statuses and bytes', () => {
    const { groups, rows } = backlogOf([
      row('/items/1', { ts: 30, status: 200 }),
      row('/items/2', { ts: 10, status: 404 }),
      row('/items/3', { ts: 20, status: 201 }),
      row('/items/3', { method: 'POST' }),
      row('/items/3', { agent: 'ci' }),
    ]);
    expect(rows).toBe(5);
    expect(groups).toHaveLength(3);
    expect(groups[0]).toMatchObject({
      host: 'a.test',
      port: 443,
      method: 'GET',
      prefix: '/items/',
      cut: true,
      count: 3,
      blocked: 0,
      first: 10,
      last: 30,
      statuses: { '2xx': 2, '4xx': 1 },
      bytes: 30,
      sent: 3,
    });
  });

  it('Backlog has what enforce mode refused, and nothing that was refused for other reasons', () => {
    const refused = { class: 'blocked', event: 'blocked', would_block: false } as const;
    const { groups } = backlogOf([
      row('', { ...refused, reason: 'not_in_allowlist', method: 'CONNECT', url: 'a.test:443' }),
      row('/x', { ...refused, reason: 'malformed' }),
      makeRow({}),
    ]);
    expect(groups).toMatchObject([{ method: 'CONNECT', prefix: '', count: 1, blocked: 1 }]);
    expect(groups).toHaveLength(1);
  });

  it('Backlog leaves out what the policy lets pass by now', () => {
    const rows = [row('/v1/a'), row('/v2/a')];
    const result = backlogOf(rows, '[{host: a.test, paths: [{prefix: /v1/}]}]');
    expect(result).toMatchObject({ rows: 1, solved: 1, groups: [{ prefix: '/v2/a' }] });
  });

  it('Backlog joins paths beyond fifty of a host under /, and counts what has no room at all', () => {
    const letter = (n: number) => String.fromCharCode(97 + n);
    const rows = Array.from({ length: 300 }, (_, n) =>
      row(`/${letter(n % 26)}${letter(Math.floor(n / 26))}/z`),
    );
    const { groups, overflow } = backlogOf(rows);
    expect(groups).toHaveLength(51);
    expect(groups.find(({ prefix }) => prefix === '/')).toMatchObject({ cut: true });
    expect(groups.reduce((sum, { count }) => sum + count, 0) + overflow).toBe(300);
    const agents = Array.from({ length: 300 }, (_, n) => row('/', { agent: `a${n}` }));
    expect(backlogOf(agents).overflow).toBe(200);
  });
});
