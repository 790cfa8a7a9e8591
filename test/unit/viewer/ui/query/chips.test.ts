import { describe, expect, it } from 'vitest';
import { chipsOf, removeTermAt } from '../../../../../src/viewer/ui/query/chips.ts';

const said = (text: string) =>
  chipsOf(text, (seconds) => `@${seconds}`).map(({ field, relation, value, canTurn }) =>
    [field, relation, value, canTurn ? '' : 'fixed'].filter((part) => part !== '').join(' '),
  );

describe('chipsOf', () => {
  it.each([
    ['host:a.test', ['host is a.test']],
    ['-host:a,b', ['host is not a or b']],
    ['-status:>=400', ['status not ≥ 400']],
    ['word -"two words"', ['has word', 'has not two words']],
    ['since:1h', ['since 1h ago fixed']],
    ['until:2026-01-31T10:42:30Z', ['until @1769856150 fixed']],
    ['-since:1h', ['since is not 1h ago']],
    ['host:a status:x method:GET', ['host is a']],
  ])('chipsOf says %s in words', (text, expected) => {
    expect(said(text)).toEqual(expected);
  });

  it('each chip is written as it stands in the query', () => {
    const texts = chipsOf('a  -host:b,"c d" "e f"', String).map(({ text }) => text);
    expect(texts).toEqual(['a', '-host:b,"c d"', '"e f"']);
  });
});

describe('removeTermAt', () => {
  it.each([
    ['a host:gi| b', 'a b'],
    ['a | b', 'a  b'],
    ['a host:|', 'a'],
    ['a class:bl| b', 'a b'],
    ['a "b|', 'a'],
  ])('removeTermAt leaves of %s what the values are counted in', (marked, expected) => {
    const rest = removeTermAt(marked.replace('|', ''), marked.indexOf('|'));
    expect(rest.replace(/ +/g, ' ')).toBe(expected.replace(/ +/g, ' '));
  });
});
