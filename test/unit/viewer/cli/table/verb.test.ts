import { describe, expect, it } from 'vitest';
import {
  hasCode,
  optionText,
  optionValue,
  positionalText,
} from '../../../../../src/viewer/cli/table/verb.ts';

describe('hasCode()', () => {
  it('knows errors with one of the codes', () => {
    const error = Object.assign(new Error('x'), { code: 'ENOENT' });
    expect(hasCode(error, 'EACCES', 'ENOENT')).toBe(true);
    expect(hasCode(error, 'EACCES')).toBe(false);
    expect(hasCode(new Error('ENOENT'), 'ENOENT')).toBe(false);
    expect(hasCode('ENOENT', 'ENOENT')).toBe(false);
  });
});

describe('words for people', () => {
  it('positionalText() shows what may be left out, and what may be said more than once', () => {
    expect(positionalText({ name: 'HOST', help: '' })).toBe('HOST');
    expect(positionalText({ name: 'QUERY', help: '', isOptional: true, isRest: true })).toBe(
      '[QUERY...]',
    );
    expect(positionalText({ name: 'MODE', words: ['a', 'b'], help: '' })).toBe('a|b');
  });

  it('optionText() shows both names and the value', () => {
    expect(optionText({ name: '--follow', short: '-f', help: '' })).toBe('-f, --follow');
    expect(optionText({ name: '--key', value: 'HEX', help: '' })).toBe('--key HEX');
  });

  it('optionValue() gives the first value', () => {
    const given = { args: [], options: new Map([['--key', ['a', 'b']]]) };
    expect(optionValue(given, '--key')).toBe('a');
    expect(optionValue(given, '--kay')).toBeUndefined();
  });
});
