import { describe, expect, it } from 'vitest';
import { parseAuthority, type Target } from '../../../src/shared/host.ts';
import { compileUninspected, uninspectedKind } from '../../../src/shared/uninspected.ts';

const rules = compileUninspected(['pinned.test', '*.pins.test'], ['git.test:22', '[::1]:5432']);

describe('uninspectedKind()', () => {
  it.each([
    ['pinned.test:443', 'passthrough'],
    ['pinned.test:8443', 'passthrough'],
    ['below.pinned.test:443', null],
    ['pins.test:443', 'passthrough'],
    ['a.b.pins.test:443', 'passthrough'],
    ['xpins.test:443', null],
    ['git.test:22', 'opaque'],
    ['git.test:443', null],
    ['[::1]:5432', 'opaque'],
    ['other.test:443', null],
  ])('uninspectedKind() of %s is %j', (authority, kind) => {
    expect(uninspectedKind(rules, parseAuthority(authority, null) as Target)).toBe(kind);
  });
});
