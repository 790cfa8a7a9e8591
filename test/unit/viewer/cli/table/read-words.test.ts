import { describe, expect, it } from 'vitest';
import { findVerb, readWords } from '../../../../../src/viewer/cli/table/read-words.ts';
import type { Verb } from '../../../../../src/viewer/cli/table/verb.ts';

const base = { group: 'leash', help: '', run: async () => 0 } as const;
const bare: Verb = { ...base, name: 'token' };
const one: Verb = {
  ...base,
  name: 'mode',
  positionals: [{ name: 'MODE', words: ['x', 'y'], help: '', isOptional: true }],
};
const many: Verb = {
  ...base,
  name: 'verify',
  positionals: [{ name: 'FOLDER', help: '', isOptional: true }],
  options: [
    { name: '--key', value: 'HEX', help: '' },
    { name: '--agent', value: 'NAME', help: '', isRepeated: true },
    { name: '--shell', value: 'NAME', words: ['sh', 'fish'], help: '' },
    { name: '--exact', short: '-e', help: '' },
  ],
};
const rest: Verb = {
  ...base,
  name: 'search',
  positionals: [{ name: 'QUERY', help: '', isRest: true }],
  options: [{ name: '--limit', value: 'N', help: '' }],
};
const needed: Verb = { ...base, name: 'allow', positionals: [{ name: 'HOST', help: '' }] };
const ca: Verb[] = ['ca show', 'ca env'].map((name) => ({ ...base, name }));

describe('findVerb()', () => {
  const verbs = [bare, one, ...ca];

  it('finds verbs of one word and of two', () => {
    expect(findVerb(verbs, ['token', 'x'])).toEqual({ verb: bare, rest: ['x'] });
    expect(findVerb(verbs, ['ca', 'env', 'x'])).toEqual({ verb: ca[1], rest: ['x'] });
  });

  it.each([
    [['nonsense'], 'unknown verb "nonsense", allowed: token, mode, ca show, ca env'],
    [['constructor'], 'unknown verb "constructor", allowed: token, mode, ca show, ca env'],
    [['\x1b[31m'], 'unknown verb "\\u001b[31m", allowed: token, mode, ca show, ca env'],
    [['tokn'], 'unknown verb "tokn", did you mean token?'],
    [[''], 'unknown verb "", allowed: token, mode, ca show, ca env'],
    [['ca'], 'ca takes show|env, got nothing'],
    [['ca', '\x9b'], 'ca takes show|env, got "\\u009b"'],
  ])('%j: %s', (words, problem) => {
    expect(findVerb(verbs, words)).toEqual({ problem });
  });
});

describe('readWords()', () => {
  it.each<[Verb, string[], string[], [string, string[]][]]>([
    [bare, [], [], []],
    [one, ['x'], ['x'], []],
    [
      many,
      ['--key', 'ab', 'dir', '-e', '--exact'],
      ['dir'],
      [
        ['--key', ['ab']],
        ['--exact', ['', '']],
      ],
    ],
    [many, ['--key=a=b', '-'], ['-'], [['--key', ['a=b']]]],
    [many, ['--agent', 'a', '--agent=-b'], [], [['--agent', ['a', '-b']]]],
    [many, ['--', '--key'], ['--key'], []],
    [bare, ['--json'], [], [['--json', ['']]]],
    [rest, ['a', '-host:b', '--limit', '1', 'c'], ['a', '-host:b', 'c'], [['--limit', ['1']]]],
    [rest, ['--', '--limit'], ['--limit'], []],
    [needed, ['-h'], [], [['--help', ['']]]],
  ])('%o %j', (verb, words, args, options) => {
    expect(readWords(verb, words)).toEqual({ args, options: new Map(options) });
  });

  it.each<[Verb, string[], string]>([
    [bare, ['all'], 'token takes no argument, got "all"'],
    [bare, ['--\x1b'], 'token has no option "--\\u001b", see leashctl help token'],
    [one, ['x', 'y'], 'mode takes [x|y] and no more, got "y"'],
    [one, ['z'], 'mode takes x|y, got "z"'],
    [many, ['a', 'b'], 'verify takes [FOLDER] and no more, got "b"'],
    [many, ['--kay'], 'verify has no option "--kay", did you mean --key?'],
    [many, ['-x'], 'verify has no option "-x", see leashctl help verify'],
    [many, ['--key'], 'verify --key takes HEX, got nothing'],
    [many, ['--key', ''], 'verify --key takes HEX, got nothing'],
    [many, ['--key='], 'verify --key takes HEX, got nothing'],
    [many, ['--key', 'a', '--key', 'b'], 'verify takes --key once'],
    [many, ['--exact=yes'], 'verify --exact takes no value, got "yes"'],
    [many, ['--shell', 'bash'], 'verify --shell takes sh|fish, got "bash"'],
    [rest, ['--exact'], 'search has no option "--exact", see leashctl help search'],
    [rest, [], 'search takes QUERY..., got nothing'],
    [needed, [], 'allow takes HOST, got nothing'],
  ])('%o %j: %s', (verb, words, problem) => {
    expect(readWords(verb, words)).toEqual({ problem });
  });
});
