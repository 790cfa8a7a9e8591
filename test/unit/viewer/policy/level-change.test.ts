import { describe, expect, it } from 'vitest';
import { joinPolicy } from '../../../../src/shared/policy-join.ts';
import { levelChanges } from '../../../../src/viewer/policy/level-change.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const LEVEL = [{ host: 'api.evil.test', parent: 'evil.test' }];
const source = (list: string, file = 'blocklist.yaml') => {
  const key = file === 'blocklist.yaml' ? 'block' : 'allow';
  const { source: joined, problems } = joinPolicy({ [file]: `${key}: [${list}]\n` });
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return joined;
};
const changes = (before: string, added: string, file?: string) =>
  levelChanges(source(before, file), source(`${before}, ${added}`, file), NOW);

describe('levelChanges()', () => {
  it.each([
    ['evil.test', '{host: api.evil.test, subdomains: false, paths: [{method: GET, prefix: /x}]}'],
    ['evil.test', '{host: api.evil.test, ports: [443]}'],
    ['evil.test', '{host: api.evil.test, agents: [ci]}'],
    ['evil.test, {host: api.evil.test, subdomains: false}', '{host: api.evil.test, ports: [1]}'],
  ])('levelChanges() of %s says that %s narrows it', (before, added) => {
    expect(changes(before, added)).toEqual({ narrows: LEVEL, widens: [] });
  });

  it.each([
    ['evil.test', 'api.evil.test'],
    ['evil.test', '{host: other.test, paths: [{prefix: /x}]}'],
    ['{host: evil.test, subdomains: false}', '{host: api.evil.test, ports: [443]}'],
    ['evil.test, {host: api.evil.test, ports: [1]}', '{host: api.evil.test, ports: [2]}'],
    [
      '{host: evil.test, paths: [{method: GET, prefix: /x/}]}',
      '{host: api.evil.test, paths: [{prefix: /x}]}',
    ],
  ])('levelChanges() of %s says nothing of %s', (before, added) => {
    expect(changes(before, added)).toEqual({ narrows: [], widens: [] });
  });

  it('levelChanges() takes an entry that has ended for none', () => {
    const [ended, narrow] = ['expires: 2025-01-01', '{host: api.evil.test, ports: [1]}'];
    const own = `evil.test, {host: api.evil.test, ${ended}}`;
    expect(changes(own, narrow, 'enforce.yaml').narrows).toEqual(LEVEL);
    expect(changes(`{host: evil.test, ${ended}}`, narrow, 'enforce.yaml').narrows).toEqual([]);
  });

  it('levelChanges() says the same of what is allowed, and of what a removal widens', () => {
    const narrow = '{host: api.evil.test, paths: [{prefix: /x}]}';
    expect(changes('evil.test', narrow, 'enforce.yaml').narrows).toEqual(LEVEL);
    const [before, after] = [`evil.test, ${narrow}`, 'evil.test'];
    for (const file of ['enforce.yaml', 'blocklist.yaml']) {
      const removed = levelChanges(source(before, file), source(after, file), NOW);
      expect(removed).toEqual({ narrows: [], widens: LEVEL });
    }
  });
});
