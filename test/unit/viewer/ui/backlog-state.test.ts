import { describe, expect, it } from 'vitest';
import { parseQuery } from '../../../../src/shared/query.ts';
import {
  addGroups,
  anyPathText,
  byHost,
  keyOf,
  narrowText,
  queryOf,
  statusText,
} from '../../../../src/viewer/ui/harden/backlog-state.ts';

const GROUP = {
  host: 'a.test',
  port: 443,
  agent: 'ci',
  client: '10.0.0.5',
  method: 'GET',
  prefix: '/v1/',
  cut: true,
  count: 3,
  blocked: 1,
  first: 10,
  last: 30,
  statuses: { '2xx': 2 },
  bytes: 7,
  sent: 2,
};

describe('addGroups()', () => {
  it('addGroups() adds up what is of the same group in two parts of the log', () => {
    const older = { ...GROUP, count: 2, first: 1, last: 5, statuses: { '2xx': 1, '4xx': 1 } };
    expect(addGroups([GROUP], [older, { ...GROUP, prefix: '/v2/' }])).toEqual([
      {
        ...GROUP,
        count: 5,
        blocked: 2,
        first: 1,
        statuses: { '2xx': 3, '4xx': 1 },
        bytes: 14,
        sent: 4,
      },
      { ...GROUP, prefix: '/v2/' },
    ]);
  });
});

describe('byHost()', () => {
  it('byHost() sorts hosts and their groups by count or by when they were last seen', () => {
    const groups = [
      GROUP,
      { ...GROUP, prefix: '/b', count: 9, last: 2 },
      { ...GROUP, host: 'b.test', count: 5, last: 99 },
    ];
    expect(byHost(groups, 'count').map(({ host, count }) => [host, count])).toEqual([
      ['a.test', 12],
      ['b.test', 5],
    ]);
    expect(byHost(groups, 'count')[0]?.groups.map(({ prefix }) => prefix)).toEqual(['/b', '/v1/']);
    expect(byHost(groups, 'last').map(({ host }) => host)).toEqual(['b.test', 'a.test']);
  });
});

describe('queryOf()', () => {
  it('queryOf() is a query that asks for the requests of the group', () => {
    const text = queryOf(GROUP, '7d');
    expect(text).toBe(
      'class:would_block,blocked host:a.test port:443 agent:ci method:GET url:*/v1/* since:7d',
    );
    for (const odd of ['', '/', '/a*b/', '/a"b/', '/a b,c/']) {
      expect(parseQuery(queryOf({ ...GROUP, agent: '', prefix: odd }, '1h'))).toHaveProperty(
        'terms',
      );
    }
  });
});

describe('texts of a group', () => {
  it('narrowText() and statusText() say what it is', () => {
    expect(narrowText(GROUP)).toBe('GET /v1/…');
    expect(narrowText({ ...GROUP, prefix: '' })).toBe('the host (no path is known)');
    expect(narrowText({ ...GROUP, prefix: '/', cut: false })).toBe('GET any path');
    expect(narrowText({ ...GROUP, prefix: '/v1', cut: false })).toBe('GET begins with /v1');
    expect(narrowText({ ...GROUP, prefix: '/v1/', cut: false })).toBe('GET /v1/…');
    expect(statusText({ '4xx': 1, '2xx': 12 })).toBe('2xx 12, 4xx 1');
    expect(keyOf(GROUP)).not.toBe(keyOf({ ...GROUP, port: 8443 }));
  });

  it('anyPathText() counts the groups whose entry allows any path, and names their hosts', () => {
    expect(anyPathText([GROUP, { ...GROUP, prefix: '/v1' }])).toBe('');
    expect(anyPathText([GROUP, { ...GROUP, prefix: '/' }])).toBe(
      '1 group becomes any path of a host: a.test.',
    );
    const many = Array.from({ length: 7 }, (_, n) => ({ ...GROUP, host: `${n}.test`, prefix: '' }));
    expect(anyPathText([...many, ...many])).toBe(
      '14 groups become any path of a host: 0.test, 1.test, 2.test, 3.test, 4.test and 2 more.',
    );
  });
});
