import { describe, expect, it } from 'vitest';
import { isSet, type LogParams, parseLogQuery } from '../../../../src/viewer/store/log-params.ts';

describe('parseLogQuery()', () => {
  it('parseLogQuery() asks for the newest hundred rows without parameters', () => {
    const expected = {
      query: { terms: [], notes: [] },
      limit: 100,
      before: null,
      after: null,
      order: 'newest',
    };
    expect(parseLogQuery({})).toEqual(expected);
    expect(parseLogQuery({ q: ' ', client: ' ', before: '', after: '', class: '' })).toEqual(
      expected,
    );
  });

  it('parseLogQuery() reads the parameters of the original as terms', () => {
    const params = {
      q: ' API.Test/Ü ',
      client: ' a "b" ',
      limit: '7',
      internet_only: 'true',
      would_block: '1',
      class: 'blocked,error',
      before: '3:120',
      after: '2:0',
    };
    const query = parseLogQuery(params);
    if ('problem' in query) throw new Error(query.problem);
    expect(query).toMatchObject({
      limit: 7,
      before: { segment: 3, offset: 120 },
      after: { segment: 2, offset: 0 },
    });
    expect(query.query.terms.map(({ field, values }) => [field, ...values])).toEqual([
      ['text', 'API.Test/Ü'],
      ['client', 'a "b"'],
      ['class', 'blocked', 'error'],
      ['is', 'internet'],
      ['class', 'would_block'],
    ]);
  });

  it('parseLogQuery() takes the number of a record for `before`', () => {
    expect(parseLogQuery({ before: '4711' })).toMatchObject({ before: { seq: 4711 } });
    expect(parseLogQuery({ before: 't1769856150.5' })).toMatchObject({
      before: { ts: 1769856150.5 },
    });
  });

  it.each([
    ['1', 1],
    ['1000', 1000],
    ['1001', 1000],
    ['99999999', 1000],
  ])('parseLogQuery() reads limit %s as %i', (limit, expected) => {
    expect(parseLogQuery({ limit })).toMatchObject({ limit: expected });
  });

  it.each([
    [{ limit: '0' }, 'limit'],
    [{ limit: '-1' }, 'limit'],
    [{ limit: '1.5' }, 'limit'],
    [{ limit: 'ten' }, 'limit'],
    [{ limit: '' }, 'limit'],
    [{ before: 'x' }, 'before'],
    [{ before: 't' }, 'before'],
    [{ order: 'up' }, 'order'],
    [{ order: 'oldest', before: '1:2' }, 'order'],
    [{ before: '-1' }, 'before'],
    [{ before: '1:2:3' }, 'before'],
    [{ before: '9'.repeat(16) }, 'before'],
    [{ after: '7' }, 'after'],
    [{ after: '1:-2' }, 'after'],
    [{ class: 'blocked,nonsense' }, 'class'],
    [{ class: 'toString' }, 'class'],
    [{ class: ',' }, 'class'],
    [{ q: 'x'.repeat(16 * 1024 + 1) }, 'q'],
  ] satisfies [LogParams, string][])('parseLogQuery() refuses %j and names %s', (params, name) => {
    const query = parseLogQuery(params);
    expect('problem' in query ? query.problem : '').toMatch(new RegExp(`^${name}(: takes| must) `));
  });
});

describe('isSet()', () => {
  it.each(['1', 'true', 'TRUE', 'yes', 'on'])('isSet() takes %j for yes', (text) =>
    expect(isSet(text)).toBe(true),
  );
  it.each([undefined, '', '0', 'false', 'no', 'off', '2'])('isSet() takes %j for no', (text) =>
    expect(isSet(text)).toBe(false),
  );
});
