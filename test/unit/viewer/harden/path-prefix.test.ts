import { describe, expect, it } from 'vitest';
import { pathPrefix } from '../../../../src/viewer/harden/path-prefix.ts';

describe('pathPrefix()', () => {
  it.each([
    ['/', '/', false],
    ['/v1/models', '/v1/models', false],
    ['/v1/models/', '/v1/models/', false],
    ['/repos/acme/app/issues/12', '/repos/acme/app/', true],
    ['/users/4711/keys', '/users/', true],
    ['/4711', '/', true],
    ['/o/6f9619ff-8b86-d011-b42d-00c04fc964ff/x', '/o/', true],
    [
      '/blobs/sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945',
      '/blobs/',
      true,
    ],
    ['/commit/deadbeef', '/commit/', true],
    ['/t/AbC123xyz789QqQ/z', '/t/', true],
    ['/day/2026-01-31/log', '/day/', true],
    ['/simple/requests/', '/simple/requests/', false],
    ['/packages/setuptools', '/packages/setuptools', false],
    [`/a/${'x'.repeat(40)}/b`, '/a/', true],
  ])('pathPrefix() of %s is %s', (path, prefix, cut) => {
    expect(pathPrefix(path)).toEqual({ prefix, cut });
  });

  it('pathPrefix() is a prefix of the path, whatever it is', () => {
    for (const path of ['/a/1', '/1/a', '//', '/a//b', `/${'y'.repeat(500)}`, '*']) {
      expect(path === '*' || path.startsWith(pathPrefix(path).prefix)).toBe(true);
    }
  });

  it('pathPrefix() looks at the beginning of a path alone, however long it is', () => {
    const path = '/a'.repeat(2_000_000);
    const began = performance.now();
    for (let times = 0; times < 20; times += 1) {
      expect(pathPrefix(path)).toEqual({ prefix: '/a/a/a/', cut: true });
      expect(pathPrefix(`/x/${'1z'.repeat(100_000)}`)).toEqual({ prefix: '/x/', cut: true });
    }
    expect(performance.now() - began).toBeLessThan(500);
  });
});
