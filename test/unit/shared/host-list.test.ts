import { describe, expect, it } from 'vitest';
import type { Host } from '../../../src/shared/host.ts';
import { compileHosts, listsHost } from '../../../src/shared/host-list.ts';

const list = compileHosts(['alone.test', '*.wide.test', '10.0.0.7', '2001:db8::1']);

describe('listsHost()', () => {
  it.each([
    ['alone.test', true],
    ['below.alone.test', false],
    ['wide.test', true],
    ['a.b.wide.test', true],
    ['xwide.test', false],
    ['10.0.0.7', true],
    ['1.10.0.0.7', false],
    ['2001:db8::1', true],
    ['2001:db8::2', false],
    ['test', false],
  ])('listsHost() of %s is %j', (host, expected) => {
    expect(listsHost(list, host as Host)).toBe(expected);
  });

  it('an empty list lists nothing', () => {
    expect(listsHost(compileHosts([]), 'alone.test' as Host)).toBe(false);
  });
});
