import { describe, expect, it } from 'vitest';
import { hasCode, readWords, type Verb } from '../../../../src/viewer/cli/verb.ts';

const run = async () => 0;
const bare: Verb = { name: 'token', help: '', run };
const one: Verb = { name: 'mode', takes: '[x|y]', help: '', run };
const many: Verb = {
  name: 'verify',
  takes: '[FOLDER]',
  options: [
    { name: '--key', value: 'HEX', help: '' },
    { name: '--checkpoint', value: 'FILE', help: '' },
  ],
  help: '',
  run,
};

describe('readWords()', () => {
  it('gives what stands behind a verb, in any order', () => {
    expect(readWords(bare, [])).toEqual({ argument: '', options: new Map() });
    expect(readWords(one, ['x'])).toEqual({ argument: 'x', options: new Map() });
    const options = new Map([
      ['--key', 'ab'],
      ['--checkpoint', '-'],
    ]);
    expect(readWords(many, ['--key', 'ab', 'dir', '--checkpoint', '-'])).toEqual({
      argument: 'dir',
      options,
    });
  });

  it.each<[Verb, string[], string]>([
    [bare, ['all'], 'token takes no argument, got "all"'],
    [bare, ['--\x1b'], 'token takes no argument, got "--\\u001b"'],
    [one, ['x', 'y'], 'mode takes [x|y] and no more, got "y"'],
    [many, ['a', 'b'], 'verify takes [FOLDER], --key HEX, --checkpoint FILE and no more, got "b"'],
    [
      many,
      ['--kay'],
      'verify takes [FOLDER], --key HEX, --checkpoint FILE and no more, got "--kay"',
    ],
    [many, ['--key'], 'verify --key takes HEX, got nothing'],
    [many, ['--key', ''], 'verify --key takes HEX, got nothing'],
    [many, ['--key', 'a', '--key', 'b'], 'verify takes --key once'],
  ])('%o %j: %s', (verb, words, problem) => {
    expect(readWords(verb, words)).toEqual({ problem });
  });
});

describe('hasCode()', () => {
  it('knows errors with one of the codes', () => {
    const error = Object.assign(new Error('x'), { code: 'ENOENT' });
    expect(hasCode(error, 'EACCES', 'ENOENT')).toBe(true);
    expect(hasCode(error, 'EACCES')).toBe(false);
    expect(hasCode(new Error('ENOENT'), 'ENOENT')).toBe(false);
    expect(hasCode('ENOENT', 'ENOENT')).toBe(false);
  });
});
