import { describe, expect, it } from 'vitest';
import {
  joinContent,
  joinPolicy,
  parsePolicyFile,
  parseWholeFile,
} from '../../../src/shared/policy-join.ts';
import { EMPTY_POLICY } from '../../../src/shared/policy-source.ts';

describe('joinPolicy()', () => {
  it('joinPolicy() puts all files together; an overlay adds other hosts only', () => {
    const { source, problems } = joinPolicy({
      mode: 'audit\n',
      'enforce.yaml': 'allow: [a.test]\n',
      'enforce.local.yaml': 'allow: [{host: a.test, ports: [22]}, b.test]\n',
      'network.yaml': 'deny: [10.0.0.0/8]\n',
    });
    expect(problems).toEqual([]);
    expect(source.mode).toBe('audit');
    expect(source.allow.map(({ text }) => text)).toEqual([
      'enforce.yaml:1 a.test',
      'enforce.local.yaml:1 b.test',
    ]);
    expect(source.network.deny).toEqual(['10.0.0.0/8']);
  });

  it('joinPolicy() leaves out what has problems, and says them', () => {
    const { source, problems } = joinPolicy({ 'enforce.yaml': 'allow: ["*"]\n', mode: '' });
    expect(source).toEqual(EMPTY_POLICY);
    expect(problems).toMatchObject([{ file: 'enforce.yaml', line: 1 }]);
  });
});

describe('parsePolicyFile()', () => {
  it('parsePolicyFile() gives the part that a file is', () => {
    expect(parsePolicyFile('mode', 'enforce')).toEqual({ mode: 'enforce' });
    expect(parsePolicyFile('blocklist.local.yaml', 'block: []')).toEqual({ block: [] });
    expect(parsePolicyFile('agents.yaml', 'agents: 1')).toMatchObject([{ file: 'agents.yaml' }]);
  });
});

describe('parseWholeFile()', () => {
  it('parseWholeFile() takes no file that ends within a line, except the mode', () => {
    expect(parseWholeFile('enforce.yaml', 'allow:\n  - a.te')).toMatchObject([
      { file: 'enforce.yaml', line: 2, message: expect.stringContaining('as if it was cut off') },
    ]);
    expect(parseWholeFile('enforce.yaml', 'allow: []')).toEqual({ allow: [] });
    expect(parseWholeFile('mode', 'audit')).toEqual({ mode: 'audit' });
    expect(joinPolicy({ 'enforce.yaml': 'allow:\n  - a.te' }).problems).toHaveLength(1);
  });
});

describe('joinContent()', () => {
  it('joinContent() takes lists as they are where there are none yet', () => {
    const { allow = [] } = parsePolicyFile('enforce.yaml', 'allow: [a.test, a.b.test]') as {
      allow?: never;
    };
    expect(joinContent(EMPTY_POLICY, { allow }).allow).toBe(allow);
  });
});
