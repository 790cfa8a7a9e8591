import { describe, expect, it } from 'vitest';
import { readCount, readQueryWords } from '../../../../../src/viewer/cli/record/query-words.ts';

const given = (args: string[], options: [string, string[]][] = []) => ({
  args,
  options: new Map(options),
});

describe('readQueryWords()', () => {
  it('puts together what a shell took apart', () => {
    const one = readQueryWords(given(['host:a.test -method:GET since:1h']));
    const many = readQueryWords(given(['host:a.test', '-method:GET', 'since:1h']));
    expect(many).toEqual(one);
    expect(many).toMatchObject({ order: 'newest', before: null });
    expect(readQueryWords(given(['status:many']))).toHaveProperty('problem');
  });
});

describe('readCount()', () => {
  it.each<[string, number | object]>([
    ['1', 1],
    ['999999999', 999_999_999],
    ['0', { problem: '--limit takes a number from 1 on, got "0"' }],
    ['-1', { problem: '--limit takes a number from 1 on, got "-1"' }],
    ['1e3', { problem: '--limit takes a number from 1 on, got "1e3"' }],
  ])('%j', (text, value) => {
    expect(readCount(given([], [['--limit', [text]]]), '--limit', 7)).toEqual(value);
    expect(readCount(given([]), '--limit', 7)).toBe(7);
  });
});
