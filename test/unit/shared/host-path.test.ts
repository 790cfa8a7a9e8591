// Paths of requests; names and authorities are in host.test.ts.

import { describe, expect, it } from 'vitest';
import { parsePath } from '../../../src/shared/host.ts';

describe('parsePath()', () => {
  it.each([
    ['/', '/'],
    ['*', '*'],
    ['/a/b?c=/../d', '/a/b'],
    ['/?', '/'],
    ['/%61%2D%7e', '/a-~'],
    ['/%c3%a9', '/%C3%A9'],
    ['/a%3ab', '/a%3Ab'],
    ['/a/./b', '/a/b'],
    ['/a/../b', '/b'],
    ['/a/b/..', '/a/'],
    ['/a/b/.', '/a/b/'],
    ['/../../x', '/x'],
    ['/%2e%2E/x', '/x'],
    ['/a/%2e./b', '/b'],
    ['/.well-known/x', '/.well-known/x'],
    ['/...', '/...'],
    ['/a;b=c/d', '/a;b=c/d'],
    ['/a|b"', '/a|b"'],
    ['/a%20b%2520c', '/a%20b%2520c'],
  ])('parsePath() normalises %j to %j', (text, path) => {
    expect(parsePath(text)).toEqual({ path, ambiguous: false });
  });

  it.each([
    ['//admin', '/admin'],
    ['///', '/'],
    ['/a//b/', '/a/b/'],
    ['/a/.//b', '/a/b'],
  ])('parsePath() makes one slash of many, so that %j cannot evade a rule for %j', (text, path) => {
    expect(parsePath(text)).toEqual({ path, ambiguous: false });
  });

  it.each([
    ['an encoded slash', '/a%2fb'],
    ['an encoded slash', '/a/..%2F..%2Fb'],
    ['an encoded backslash', '/a%5Cb'],
    ['a raw backslash', '/a\\..\\b'],
    ['an encoded NUL', '/a%00.png'],
    ['a dot encoded twice', '/a/%252e%252e/b'],
    ['a dot encoded thrice', '/a/%25252E/b'],
    ['a slash encoded twice', '/a%252fb'],
    ['a parameter behind dots', '/a/..;/b'],
    ['a parameter behind one dot', '/a/.;x/b'],
    ['an encoded parameter behind dots', '/a/..%3b/b'],
    ['a blank behind dots', '/a/..%20/b'],
    ['dots after a doubled slash', '/a//../b'],
    ['dots after a parameter', '/a/;/../b'],
    ['dots after an encoded parameter', '/a%3Bx/../b'],
    ['a stray percent sign', '/a%zz'],
    ['a stray percent sign at the end', '/a%'],
    ['a percent-u escape', '/%u002e%u002e/a'],
    ['an overlong dot', '/%c0%ae%c0%ae/a'],
    ['an overlong slash', '/%e0%80%af'],
    ['an overlong slash of four bytes', '/%f0%80%80%af'],
  ])('parsePath() marks %s as ambiguous: %j', (_, text) => {
    expect(parsePath(text)).toMatchObject({ ambiguous: true });
  });

  it('parsePath() looks at the path alone, not at the query', () => {
    expect(parsePath('/a?b=%2f%00..%5c\\%zz')).toEqual({ path: '/a', ambiguous: false });
  });

  it('parsePath() encodes a stray percent sign, so that a second pass changes nothing', () => {
    expect(parsePath('/%%34%31')).toEqual({ path: '/%2541', ambiguous: true });
  });

  it.each([
    '',
    'a',
    '?x',
    '**',
    '*/',
    'http://a/',
    '/a b',
    '/a#b',
    '/a\0',
    '/a\n',
    '/\x7f',
    '/é',
    '/?é',
    '/?a#b',
  ])('parsePath() refuses %j', (text) => {
    expect(parsePath(text)).toHaveProperty('problem');
  });
});
