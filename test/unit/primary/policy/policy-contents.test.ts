import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { PolicyContents } from '../../../../src/primary/policy/policy-contents.ts';
import type { FileContent } from '../../../../src/primary/policy/policy-read.ts';
import { compilePolicy, decide } from '../../../../src/shared/policy.ts';
import type { PolicyFile } from '../../../../src/shared/policy-source.ts';
import { EMPTY_POLICY } from '../../../../src/shared/policy-source.ts';
import { askFor } from '../../../support/policy-ask.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const content = (text: string): FileContent => ({ kind: 'text', text, sha256: sha256(text) });

const GOOD = 'allow: [a.test]';
const BAD = 'allow: [A.test]';

describe('PolicyContents', () => {
  let contents: PolicyContents;
  beforeEach(() => {
    contents = new PolicyContents();
  });

  const accept = (file: PolicyFile, text: string) => contents.accept(file, content(text));
  const hosts = () => contents.current?.source.allow.map(({ host }) => host);

  /** Accepts and publishes. */
  function load(files: Partial<Record<PolicyFile, string>>) {
    for (const [file, text] of Object.entries(files)) accept(file as PolicyFile, text);
    return contents.publish();
  }

  it('a bad policy file changes nothing; no policy at all means deny', () => {
    expect(contents.current).toBeNull();
    load({ 'enforce.yaml': GOOD });
    const before = contents.current;
    const problems = accept('enforce.yaml', BAD);
    expect(problems).toMatchObject([{ file: 'enforce.yaml', line: 1, column: 9 }]);
    expect(contents.publish()).toBeNull();
    expect(contents.current).toBe(before);
    expect(contents.problems).toEqual(problems);
  });

  it('an empty folder is a policy that denies everything', () => {
    const change = contents.publish();
    expect(change).toMatchObject({ version: 1, sha256: {}, changedFiles: [] });
    expect(change?.source).toEqual(EMPTY_POLICY);
    const policy = compilePolicy(1, contents.current?.source ?? expect.fail('nothing in force'));
    expect(decide(policy, askFor('a.test:443')).allow).toBe(false);
  });

  it('puts the content of the files together, with the hash of each', () => {
    const files = {
      mode: 'audit',
      'enforce.yaml': GOOD,
      'blocklist.yaml': 'block: [b.test]',
      'agents.yaml': 'agents: [{name: ci, networks: [10.0.0.1]}]',
      'network.yaml': 'deny: [1.1.1.1]',
    };
    const change = load(files);
    expect(change?.source).toMatchObject({
      mode: 'audit',
      allow: [{ host: 'a.test' }],
      block: [{ host: 'b.test' }],
      agents: [{ name: 'ci', networks: ['10.0.0.1/32'] }],
      network: { deny: ['1.1.1.1/32'] },
    });
    expect(change?.sha256).toEqual(
      Object.fromEntries(Object.entries(files).map(([file, text]) => [file, sha256(text)])),
    );
    expect(change?.changedFiles).toEqual(Object.keys(files));
  });

  it('an overlay adds its entries for hosts that the file beside it does not name', () => {
    load({
      mode: 'enforce',
      'enforce.local.yaml': 'allow: [own.test, {host: a.test, ports: [22]}]',
      'enforce.yaml': GOOD,
      'blocklist.local.yaml': 'block: [worse.test]',
    });
    const { source } = contents.current ?? expect.fail('nothing in force');
    expect(source.allow.map(({ host, ports }) => [host, ports])).toEqual([
      ['a.test', [443]],
      ['own.test', [443]],
    ]);
    expect(source.allow[1]?.text).toBe('enforce.local.yaml:1 own.test');
    expect(source.block.map(({ host }) => host)).toEqual(['worse.test']);
  });

  it('counts versions, and names the files that changed and the mode before', () => {
    load({ mode: 'enforce', 'enforce.yaml': GOOD });
    const second = load({ mode: 'audit' });
    expect(second).toMatchObject({ version: 2, changedFiles: ['mode'], previousMode: 'enforce' });
    const third = load({ 'enforce.yaml': 'allow: [b.test]' });
    expect(third).toMatchObject({ version: 3, changedFiles: ['enforce.yaml'] });
    expect(third).not.toHaveProperty('previousMode');
    expect(third?.source.mode).toBe('audit');
  });

  it('publishes nothing for the same content, also where a mistake came and went in between', () => {
    load({ 'enforce.yaml': GOOD });
    expect(load({ 'enforce.yaml': GOOD })).toBeNull();
    expect(load({ 'enforce.yaml': BAD })).toBeNull();
    expect(load({ 'enforce.yaml': GOOD })).toBeNull();
    expect(contents.problems).toEqual([]);
    expect(contents.current?.version).toBe(1);
  });

  it('a bad file does not hold up the good ones beside it', () => {
    load({ 'enforce.yaml': GOOD, mode: 'enforce' });
    load({ 'enforce.yaml': BAD, mode: 'audit' });
    expect(contents.current?.source.mode).toBe('audit');
    expect(hosts()).toEqual(['a.test']);
    expect(contents.problems).toHaveLength(1);
  });

  it.each(['enforce.yaml', 'blocklist.yaml', 'agents.yaml', 'network.yaml'] as const)(
    'at the start a mistake in %s keeps everything denied, until it is solved',
    (file) => {
      expect(load({ 'enforce.yaml': GOOD, [file]: 'oops: 1' })).toBeNull();
      expect(contents.current).toBeNull();
      expect(load({ [file]: '' })?.version).toBe(1);
    },
  );

  it('at the start enforce stands in for a mode that cannot be read', () => {
    expect(load({ mode: 'off', 'enforce.yaml': GOOD })?.source.mode).toBe('enforce');
    expect(contents.problems).toMatchObject([{ file: 'mode' }]);
    expect(load({ mode: 'audit' })).toMatchObject({ version: 2, previousMode: 'enforce' });
  });

  it('a mode that becomes unreadable stays what it was', () => {
    load({ mode: 'blocklist' });
    expect(load({ mode: '' })).toBeNull();
    expect(load({ mode: 'Enforce' })).toBeNull();
    expect(contents.current?.source.mode).toBe('blocklist');
  });

  it('a file that is deleted or emptied stays in force, and that is a problem', () => {
    load({ 'blocklist.yaml': 'block: [b.test]' });
    for (const found of [null, content('')]) {
      const problems = contents.accept('blocklist.yaml', found);
      expect(problems).toEqual([
        {
          file: 'blocklist.yaml',
          line: 1,
          column: 1,
          message: expect.stringMatching(/deleted|empty now/),
        },
      ]);
      expect(contents.publish()).toBeNull();
      expect(contents.current?.source.block).toHaveLength(1);
    }
    expect(load({ 'blocklist.yaml': 'block: []' })?.source.block).toEqual([]);
    expect(contents.problems).toEqual([]);
  });

  it('a file that was empty already, or never there, may be empty and gone', () => {
    load({ 'enforce.yaml': '' });
    expect(accept('enforce.yaml', '')).toEqual([]);
    expect(contents.accept('agents.yaml', null)).toEqual([]);
  });

  it.each<[string, FileContent]>([
    ['cannot be read', { kind: 'unreadable', message: 'Cannot read policy file: EACCES' }],
    ['never holds still', { kind: 'changed' }],
  ])('a file that %s keeps its last good content', (_name, found) => {
    load({ 'enforce.yaml': GOOD });
    expect(contents.accept('enforce.yaml', found)).toMatchObject([
      { message: expect.stringMatching(/^Cannot read policy file: /) },
    ]);
    expect(contents.publish()).toBeNull();
    expect(hosts()).toEqual(['a.test']);
  });

  it('before anything is in force there is no last good content to go back to', () => {
    accept('enforce.yaml', GOOD);
    const problems = accept('enforce.yaml', BAD);
    expect(problems).toHaveLength(1);
    expect(contents.publish()).toBeNull();
    contents.accept('enforce.yaml', null);
    expect(contents.publish()?.source.allow).toEqual([]);
  });
});
