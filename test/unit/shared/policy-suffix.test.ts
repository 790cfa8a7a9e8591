import { describe, expect, it } from 'vitest';
import { isPublicSuffix, widerHosts } from '../../../src/shared/policy-suffix.ts';

describe('isPublicSuffix()', () => {
  it.each([
    ['co.uk', true],
    ['github.io', true],
    ['ck', true],
    ['example.co.uk', false],
    ['no-such-suffix', false],
  ])('isPublicSuffix() of %s is %s', (host, expected) => {
    expect(isPublicSuffix(host)).toBe(expected);
  });
});

describe('widerHosts()', () => {
  it.each([
    ['a.b.example.co.uk', ['b.example.co.uk', 'example.co.uk']],
    ['example.co.uk', []],
    ['me.github.io', []],
    ['x.me.github.io', ['me.github.io']],
    ['api.github.com', ['github.com']],
    ['localhost', []],
    ['10.0.0.1', []],
    ['2606:4700::1', []],
    ['not a host', []],
  ])('widerHosts() of %s are %j', (host, expected) => {
    expect(widerHosts(host)).toEqual(expected);
  });
});
