import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/shared/limits.ts';
import {
  asBoolean,
  asList,
  asMap,
  asText,
  asTexts,
  isNull,
  quote,
  Report,
  type Tree,
} from '../../../src/shared/policy-tree.ts';

const at = { line: 3, column: 5 };
const scalar = (value: unknown): Tree => ({ kind: 'scalar', at, value });
const list = (...items: Tree[]): Tree => ({ kind: 'list', at, items });
const map = (entries: readonly (readonly [string, unknown])[]): Tree => ({
  kind: 'map',
  at,
  entries: entries.map(([name, value], i) => ({
    name,
    nameAt: { line: 10 + i, column: 1 },
    value: scalar(value),
  })),
});

function messages(read: (report: Report) => unknown): string[] {
  const report = new Report('f.yaml');
  read(report);
  return report.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

describe('Report', () => {
  it('Report keeps file and place of each problem', () => {
    const report = new Report('f.yaml');
    expect(report.problems).toEqual([]);
    report.add(at, 'wrong');
    expect(report.problems).toEqual([{ file: 'f.yaml', line: 3, column: 5, message: 'wrong' }]);
  });

  it('Report lists the first 20 problems and counts the others', () => {
    const report = new Report('f.yaml');
    for (let i = 0; i < 20; i += 1) report.add(at, `p${i}`);
    expect(report.problems).toHaveLength(20);
    for (let i = 20; i < 1020; i += 1) report.add(at, `p${i}`);
    expect(report.problems).toHaveLength(21);
    expect(report.problems[19]?.message).toBe('p19');
    expect(report.problems[20]?.message).toBe('and 1000 more');
  });
});

describe('asMap()', () => {
  it('asMap() gives the values by key', () => {
    const report = new Report('f.yaml');
    const values = asMap(
      map([
        ['a', 1],
        ['b', 2],
      ]),
      'it',
      ['a', 'b', 'c'],
      report,
    );
    expect([...(values ?? [])].map(([key]) => key)).toEqual(['a', 'b']);
    expect(report.problems).toEqual([]);
  });

  it('asMap() reports an unknown key and a second one, where they stand, and keeps the first', () => {
    const tree = map([
      ['a', 'first'],
      ['a', 'second'],
      ['__proto__', 1],
    ]);
    let first: Tree | undefined;
    const found = messages((report) => {
      first = asMap(tree, 'it', ['a'], report)?.get('a');
    });
    expect(found).toEqual([
      '11:1 "a" stands here twice: keep one',
      '12:1 unknown key "__proto__", allowed: a',
    ]);
    expect(first).toMatchObject({ value: 'first' });
  });

  it.each([[list()], [scalar('x')], [scalar(null)]])(
    'asMap() refuses what is no map: %j',
    (tree) => {
      expect(messages((report) => asMap(tree, 'it', ['a', 'b'], report))).toEqual([
        '3:5 it must be a map with the keys a, b',
      ]);
    },
  );
});

describe('asList() and asTexts()', () => {
  it('asList() reads nothing as an empty list, and refuses anything else that is no list', () => {
    expect(messages((report) => expect(asList(undefined, 'it', report)).toEqual([]))).toEqual([]);
    expect(messages((report) => expect(asList(scalar(null), 'it', report)).toEqual([]))).toEqual(
      [],
    );
    expect(messages((report) => asList(scalar('a'), 'it', report))).toEqual([
      '3:5 it must be a list',
    ]);
    expect(messages((report) => asList(map([]), 'it', report))).toEqual(['3:5 it must be a list']);
  });

  it('asTexts() gives what passes, as it was read, and reports the rest', () => {
    const tree = list(scalar('a'), scalar(1), scalar('bad'), scalar(null), list());
    const read = (text: string) => (text === 'bad' ? { problem: 'no good' } : text.toUpperCase());
    const found = messages((report) => expect(asTexts(tree, 'it', report, read)).toEqual(['A']));
    expect(found).toEqual([
      '3:5 an entry of it must be text: put it in quotes',
      '3:5 no good',
      '3:5 an entry of it must be text',
      '3:5 an entry of it must be text',
    ]);
  });

  it('asTexts() refuses a list that is too long, whole', () => {
    const items = new Array<Tree>(LIMITS.policyListEntries).fill(scalar('a'));
    const same = (text: string) => text;
    expect(messages((report) => asTexts(list(...items), 'it', report, same))).toEqual([]);
    const found = messages((report) => {
      expect(asTexts(list(...items, scalar('a')), 'it', report, same)).toEqual([]);
    });
    expect(found).toEqual([`3:5 it has at most ${LIMITS.policyListEntries} entries`]);
  });
});

describe('asText(), asBoolean(), isNull(), quote()', () => {
  it.each([
    [scalar('a'), 'a', []],
    [scalar(''), '', []],
    [scalar(1), null, ['3:5 it must be text: put it in quotes']],
    [scalar(true), null, ['3:5 it must be text: put it in quotes']],
    [scalar(null), null, ['3:5 it must be text']],
    [list(), null, ['3:5 it must be text']],
  ])('asText() of %j is %j', (tree, expected, problems) => {
    expect(messages((report) => expect(asText(tree, 'it', report)).toBe(expected))).toEqual(
      problems,
    );
  });

  it('asBoolean() takes the fallback for an absent key alone, and reports what is no boolean', () => {
    const report = new Report('f.yaml');
    expect(asBoolean(undefined, 'it', true, report)).toBe(true);
    expect(asBoolean(scalar(false), 'it', true, report)).toBe(false);
    expect(report.problems).toEqual([]);
    for (const value of ['false', 0, null]) asBoolean(scalar(value), 'it', true, report);
    expect(report.problems.map(({ message }) => message)).toEqual([
      'it must be true or false',
      'it must be true or false',
      'it must be true or false',
    ]);
  });

  it('isNull() is true for null alone', () => {
    expect([null, 0, '', false].map((value) => isNull(scalar(value)))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(isNull(list())).toBe(false);
  });

  it('quote() keeps a piece of the file on one line, and short', () => {
    expect(quote('a\n"b"')).toBe(String.raw`"a\n\"b\""`);
    expect(quote('x'.repeat(81))).toBe(`"${'x'.repeat(80)}..."`);
  });
});
