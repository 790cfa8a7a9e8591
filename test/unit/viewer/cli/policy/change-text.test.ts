import { describe, expect, it } from 'vitest';
import { painter } from '../../../../../src/viewer/cli/paint.ts';
import {
  diffText,
  effectText,
  forceText,
  levelText,
} from '../../../../../src/viewer/cli/policy/change-text.ts';
import { notCounted } from '../../../../../src/viewer/policy/effect.ts';

const tally = { requests: 2, agents: 1, hosts: 1, top_agents: ['a\x1b'], top_hosts: ['b.test'] };
const effect = { ...notCounted('', 'enforce', 86_400), requests: 1234, complete: true };

describe('effectText()', () => {
  it('counts, with names made safe', () => {
    expect(effectText({ ...effect, newly_allowed: tally })).toEqual([
      'of 1,234 requests in the last 24 hours, as enforce mode decides:',
      '  newly allowed  2 requests of 1 agent (a\\x1b) to 1 host (b.test)',
      '  newly blocked  0',
    ]);
  });

  it('says how far it got, and why it could not count', () => {
    const [line] = effectText({ ...effect, complete: false, searched_back_to: 86_400 });
    expect(line).toContain(', back to 1970-01-02T00:00:00Z only: the time was up:');
    expect(effectText(notCounted('enforce.yaml:1: x', 'enforce', 60))).toEqual([
      'nothing was counted: enforce.yaml:1: x',
    ]);
  });
});

describe('what is said of a change', () => {
  it('diffText() colours what comes and what goes, and makes both safe', () => {
    const paint = painter({ screen: { columns: 80 }, env: {} });
    expect(diffText(['@@', ' a', '-b\x1b', '+c'], paint)).toEqual([
      '\x1b[2m@@\x1b[0m',
      '\x1b[2m a\x1b[0m',
      '\x1b[31m-b\\x1b\x1b[0m',
      '\x1b[32m+c\x1b[0m',
    ]);
  });

  it('levelText() says which entry counts for a host from now on', () => {
    const change = { host: 'a.b.test', parent: 'b.test' };
    expect(levelText({ narrows: [change], widens: [] })).toEqual([
      'note: for a.b.test its own entry counts from now on, and no more that of b.test',
    ]);
    expect(levelText({ narrows: [], widens: [change] })).toEqual([
      'note: for a.b.test the entry of b.test counts again',
    ]);
  });

  it('forceText() names the workers that do not have it', () => {
    const made = { in_force: false, version: null, pending: [1, 3], file: 'enforce.yaml' };
    expect(forceText(made)).toEqual({
      done: 'written to enforce.yaml',
      missing: 'not in force at worker 1, 3; see leashctl status',
    });
    expect(forceText({ ...made, in_force: true, version: 7, pending: [] })).toEqual({
      done: 'in force, policy version 7',
      missing: '',
    });
  });
});
