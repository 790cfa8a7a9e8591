import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatTerm,
  parseQuery,
  parseSize,
  parseTime,
  QUERY_FIELDS,
  type Query,
  type QueryTerm,
  setTerm,
  spanSeconds,
  valueHint,
  valuesOf,
} from '../../../src/shared/query.ts';

function terms(text: string): QueryTerm[] {
  const query = parseQuery(text);
  if ('problem' in query) throw new Error(query.problem);
  return [...query.terms];
}

function only(text: string) {
  const [{ field, values, comparison, negated } = {} as QueryTerm, ...others] = terms(text);
  expect(others).toEqual([]);
  return { field, values, comparison, negated };
}

const TEXT = { field: 'text', comparison: '=', negated: false };

describe('parseQuery', () => {
  it.each([
    [
      'host:*.github.com',
      { field: 'host', values: ['*.github.com'], comparison: '=', negated: false },
    ],
    [
      '-method:GET,POST',
      { field: 'method', values: ['GET', 'POST'], comparison: '=', negated: true },
    ],
    ['status:>=400', { field: 'status', values: ['400'], comparison: '>=', negated: false }],
    ['status:5xx', { field: 'status', values: ['5xx'], comparison: '=', negated: false }],
    ['since:1h', { field: 'since', values: ['1h'], comparison: '=', negated: false }],
    ['bytes:>1.5mb', { field: 'bytes', values: ['1.5mb'], comparison: '>', negated: false }],
    [
      'body:"a \\"token\\""',
      { field: 'body', values: ['a "token"'], comparison: '=', negated: false },
    ],
    ['agent:"a b",c', { field: 'agent', values: ['a b', 'c'], comparison: '=', negated: false }],
    ['token', { ...TEXT, values: ['token'] }],
    ['"two words"', { ...TEXT, values: ['two words'] }],
    ['-"two words"', { ...TEXT, values: ['two words'], negated: true }],
    ['https://api.test/a?b=c', { ...TEXT, values: ['https://api.test/a?b=c'] }],
    ['api.test:443', { ...TEXT, values: ['api.test:443'] }],
    ['::1', { ...TEXT, values: ['::1'] }],
    ['x-trace:', { ...TEXT, values: ['x-trace:'] }],
    ['-', { ...TEXT, values: ['-'] }],
    ['a,b', { ...TEXT, values: ['a,b'] }],
  ])('parseQuery reads %s', (text, expected) => {
    expect(only(text)).toEqual(expected);
  });

  it('parseQuery says where each term stands', () => {
    expect(terms('  a  host:b ').map(({ start, end }) => [start, end])).toEqual([
      [2, 3],
      [5, 11],
    ]);
  });

  it.each([
    ['status:abc', 'status: takes 200, 4xx or >=400, not "abc"'],
    ['class:block', 'class: takes allowed,'],
    ['host:', 'host: needs a value'],
    ['host:a,', 'host: needs a value'],
    ['host:>a', 'host: has no greater and smaller'],
    ['a "b', 'a quote has no end'],
    ['since:tomorrow', 'since: takes a time ago'],
    [Array.from({ length: 65 }, () => 'a').join(' '), 'at most 64 terms'],
    [`host:${'a,'.repeat(64)}a`, 'a query has at most 64 values in all'],
    [`host:${'a,'.repeat(31)}a -client:${'b,'.repeat(31)}b word`, 'at most 64 values in all'],
  ])('parseQuery refuses %s', (text, problem) => {
    const query = parseQuery(text);
    expect('problem' in query && query.problem).toContain(problem);
  });

  it.each([
    ['a status:abc host:b', 'status:abc'],
    ['a host: b', 'host:'],
    ['a host:b, c', 'host:b,'],
    ['a host:"b c', 'host:"b c'],
  ])('parseQuery marks what is wrong with %s, and keeps what stands before it', (text, wrong) => {
    const query = parseQuery(text);
    expect('problem' in query && text.slice(query.start, query.end)).toBe(wrong);
    expect(query.terms.map(({ values }) => values)).toEqual([['a']]);
  });

  it('valueHint says what a field takes', () => {
    expect(valueHint('status')).toBe('takes 200, 4xx or >=400');
  });

  it('parseQuery searches a field that is not there as text, and says so', () => {
    const query = parseQuery('stauts:200') as Query;
    expect(query.terms[0]).toMatchObject({ field: 'text', values: ['stauts:200'] });
    expect(query.notes).toEqual(['There is no field "stauts": it is searched as text.']);
    expect((parseQuery('http://a.test') as Query).notes).toEqual([]);
  });

  it('parseQuery reads any text without an exception, and its terms do not overlap', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), (text) => {
        const query = parseQuery(text);
        if ('problem' in query) return query.start <= query.end;
        return query.terms.every(({ start, end }, n) => {
          const before = query.terms[n - 1]?.end ?? 0;
          return before <= start && start < end && end <= text.length;
        });
      }),
    );
  });

  it('formatTerm writes what parseQuery reads', () => {
    const patterns = Object.entries(QUERY_FIELDS).filter(([, kind]) => kind === 'pattern');
    const field = fc.constantFrom<QueryTerm['field']>(
      'text',
      ...patterns.map(([name]) => name as 'host'),
    );
    const value = fc.string({ minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(field, value, fc.boolean(), (name, text, negated) => {
        const [term] = terms(formatTerm(name, [text], negated));
        expect(term).toMatchObject({ field: name, values: [text], negated });
      }),
    );
  });
});

describe('setTerm', () => {
  it.each([
    ['', ['GET'], 'method:GET'],
    ['a method:GET b', ['PUT', 'POST'], 'a b method:PUT,POST'],
    ['a method:GET -method:PUT', [], 'a -method:PUT'],
    ['method:GET', [], ''],
  ])('setTerm makes of %j with method %j', (text, values, expected) => {
    expect(setTerm(text, 'method', values)).toBe(expected);
    expect(valuesOf(expected, 'method')).toEqual(values);
  });

  it('setTerm leaves what is no query yet as it is', () => {
    expect(setTerm('a "b', 'method', ['GET'])).toBe('a "b method:GET');
    expect(valuesOf('a "b', 'method')).toEqual([]);
  });
});

describe('values', () => {
  it('parseTime counts relative times back from now, and takes dates', () => {
    expect(parseTime('1h', 10_000)).toBe(6_400);
    expect(parseTime('2026-01-31T10:42:30Z', 0)).toBe(1_769_856_150);
    expect(parseTime('1769856150.5', 0)).toBe(1_769_856_150.5);
    expect(parseTime('2026-13-01', 0)).toBeNull();
    expect(parseTime('10:42', 0)).toBeNull();
  });

  it('parseSize and spanSeconds know their units', () => {
    expect([parseSize('7'), parseSize('1.5KB'), parseSize('2gb'), parseSize('x')]).toEqual([
      7,
      1536,
      2_147_483_648,
      null,
    ]);
    expect([spanSeconds('250ms'), spanSeconds('7d'), spanSeconds('1y')]).toEqual([
      0.25,
      604_800,
      null,
    ]);
  });
});
