import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseQuery, type QueryTerm } from '../../../../../src/shared/query.ts';
import {
  changeTerm,
  filterFor,
  filterOut,
  formatInstant,
  hideValue,
  rangeOf,
  removeTerm,
  setRange,
  showOnly,
  stateOf,
  turnTerm,
  withoutField,
} from '../../../../../src/viewer/ui/query/edit-query.ts';

const termOf = (text: string, index: number) => parseQuery(text).terms[index] as QueryTerm;

describe('terms', () => {
  it.each([
    ['a host:b c', 1, 'a c'],
    ['  a', 0, ''],
    ['"two words" b', 0, 'b'],
  ])('removeTerm takes out of %j the term %d', (text, index, expected) => {
    expect(removeTerm(text, termOf(text, index))).toBe(expected);
  });

  it.each([
    ['a host:b', 1, 'a -host:b'],
    ['a -host:b', 1, 'a host:b'],
    ['"two words"', 0, '-"two words"'],
  ])('turnTerm turns in %j the term %d round', (text, index, expected) => {
    expect(turnTerm(text, termOf(text, index))).toBe(expected);
    expect(turnTerm(expected, termOf(expected, index))).toBe(text);
  });

  it('changeTerm finds a term by how it is written, wherever it stands', () => {
    expect(changeTerm(' b  host:a', 'host:a', turnTerm)).toBe('b  -host:a');
    expect(changeTerm('b', 'host:a', removeTerm)).toBe('b');
  });

  it('changeTerm changes what stands before an error, too', () => {
    expect(changeTerm('host:a status:x', 'host:a', removeTerm)).toBe('status:x');
  });
});

describe('values', () => {
  it.each([
    ['', 'GET', 'method:GET'],
    ['a method:GET', 'PUT', 'a method:GET,PUT'],
    ['method:GET,PUT b', 'GET', 'b method:PUT'],
    ['-method:GET,PUT', 'GET', '-method:PUT method:GET'],
    ['method:GET', 'GET', ''],
  ])('filterFor changes %j by %s', (text, value, expected) => {
    expect(filterFor(text, 'method', value)).toBe(expected);
  });

  it.each([
    ['', 'GET', '-method:GET'],
    ['-method:GET', 'PUT', '-method:GET,PUT'],
    ['-method:GET a', 'GET', 'a'],
    ['method:GET,PUT', 'GET', 'method:PUT -method:GET'],
  ])('filterOut changes %j by %s', (text, value, expected) => {
    expect(filterOut(text, 'method', value)).toBe(expected);
  });

  it.each([
    ['', 'host:a'],
    ['host:a', 'host:a'],
    ['host:b,c x -host:a,d', 'x -host:d host:a'],
  ])('showOnly and hideValue do the same again: %j', (text, only) => {
    const shown = showOnly(text, 'host', 'a');
    expect(shown.split(' ').sort()).toEqual(only.split(' ').sort());
    expect(showOnly(shown, 'host', 'a')).toBe(shown);
    const hidden = hideValue(text, 'host', 'a');
    expect(stateOf(hidden, 'host', 'a')).toBe('out');
    expect(hideValue(hidden, 'host', 'a')).toBe(hidden);
  });

  it('a status that is filtered for takes the place of a comparison', () => {
    expect(filterFor('status:>=400', 'status', '404')).toBe('status:404');
    expect(stateOf('status:>=400', 'status', '400')).toBe('none');
  });

  it('any value is filtered for and out, and back', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 12 }), (value) => {
        const inside = filterFor('a', 'agent', value);
        const outside = filterOut(inside, 'agent', value);
        return (
          stateOf(inside, 'agent', value) === 'in' &&
          stateOf(outside, 'agent', value) === 'out' &&
          stateOf(filterOut(outside, 'agent', value), 'agent', value) === 'none'
        );
      }),
    );
  });

  it('withoutField takes out what is asked for and what is excluded', () => {
    expect(withoutField('host:a b -host:c', 'host')).toBe('b');
  });
});

describe('the range of time', () => {
  it('setRange replaces the range, and takes it out', () => {
    const text = setRange('since:1h a', { since: 1_769_856_150, until: 1_769_856_150.5 });
    expect(text).toBe('a since:2026-01-31T10:42:30Z until:2026-01-31T10:42:30.500Z');
    expect(rangeOf(text, 0)).toEqual({ since: 1_769_856_150, until: 1_769_856_150.5 });
    expect(setRange(text, { since: null, until: null })).toBe('a');
  });

  it('rangeOf takes the narrowest of several, and counts back from now', () => {
    expect(rangeOf('since:1h since:10m', 10_000)).toEqual({ since: 9_400, until: null });
    expect(formatInstant(0.25)).toBe('1970-01-01T00:00:00.250Z');
  });
});
