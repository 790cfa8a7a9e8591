import { execFileSync } from 'node:child_process';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  AgentNetworks,
  readMode,
  readPolicy,
  readPolicyFile,
} from '../../../../src/viewer/policy/policy-reader.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

let dir: TempDir;
beforeEach(async () => {
  dir = await tempDir();
});
afterEach(() => dir.close());

const put = (name: string, text: string) => writeFile(join(dir.path, name), text);

describe('AgentNetworks', () => {
  it('AgentNetworks is empty without a file, and sees one that comes', async () => {
    const agents = new AgentNetworks(dir.path);
    expect(await agents.read()).toEqual([]);
    await put('agents.yaml', 'agent_networks: [10.0.0.0/8]\n');
    expect(await agents.read()).toEqual(['10.0.0.0/8']);
  });

  it('AgentNetworks sees an edit at the next request, also one of the same length', async () => {
    const agents = new AgentNetworks(dir.path);
    await put('agents.yaml', 'agent_networks: [10.1.0.0/16]\n');
    await agents.read();
    await put('next', 'agent_networks: [10.2.0.0/16]\n');
    await rename(join(dir.path, 'next'), join(dir.path, 'agents.yaml'));
    expect(await agents.read()).toEqual(['10.2.0.0/16']);
  });

  it('AgentNetworks counts the networks of named agents', async () => {
    await put(
      'agents.yaml',
      'agent_networks: [10.0.0.0/8]\nagents: [{name: ci, networks: [192.0.2.0/24]}]\n',
    );
    expect(await new AgentNetworks(dir.path).read()).toEqual(['10.0.0.0/8', '192.0.2.0/24']);
  });

  it.each([
    ['does not parse', () => put('agents.yaml', 'agent_networks: [10.0.0.0/8\n')],
    ['is invalid', () => put('agents.yaml', 'agent_networks: [nonsense]\n')],
    ['is too long', () => put('agents.yaml', `agent_networks: []\n${'#'.repeat(10_000_000)}`)],
    ['is gone', () => rm(join(dir.path, 'agents.yaml'))],
    ['is empty', () => put('agents.yaml', '')],
    ['was cut off', () => put('agents.yaml', 'agent_networks:\n  - 10.0.0.0')],
  ])(
    'Invariant: a file that does not parse, or is gone, changes nothing: it %s',
    async (_, spoil) => {
      const agents = new AgentNetworks(dir.path);
      await put('agents.yaml', 'agent_networks: [10.0.0.0/8]\n');
      await agents.read();
      await spoil();
      expect(await agents.read()).toEqual(['10.0.0.0/8']);
      expect(await agents.read()).toEqual(['10.0.0.0/8']);
    },
  );
});

describe('AgentNetworks at its start', () => {
  it.each([
    ['broken', () => put('agents.yaml', 'agent_networks: [10.0.0.0/8\n')],
    ['a folder', () => mkdir(join(dir.path, 'agents.yaml'))],
  ])('AgentNetworks does not know them while the first file is %s', async (_, spoil) => {
    const agents = new AgentNetworks(dir.path);
    await spoil();
    expect(await agents.read()).toBeNull();
    expect(await agents.read()).toBeNull();
    await rm(join(dir.path, 'agents.yaml'), { recursive: true });
    await put('agents.yaml', 'agent_networks: [10.0.0.0/8]\n');
    expect(await agents.read()).toEqual(['10.0.0.0/8']);
  });
});

describe('readPolicy()', () => {
  it('readPolicy() gives the text of the files that are there', async () => {
    await put('mode', 'audit\n');
    await put('enforce.yaml', 'allow: [ü.test]\n');
    await put('other.yaml', 'x');
    expect(await readPolicy(dir.path)).toEqual({
      texts: { mode: 'audit\n', 'enforce.yaml': 'allow: [ü.test]\n' },
      problems: [],
    });
  });

  it('readPolicy() finds nothing in a folder that does not exist', async () => {
    expect(await readPolicy(join(dir.path, 'none'))).toEqual({ texts: {}, problems: [] });
  });

  it.each([
    ['too long', () => put('enforce.yaml', '#'.repeat(10_000_001)), 'at most 10000000 bytes'],
    ['no file', () => mkdir(join(dir.path, 'enforce.yaml')), 'not a regular file'],
    ['no text', () => writeFile(join(dir.path, 'enforce.yaml'), Buffer.of(0xff)), 'not UTF-8'],
    [
      'a pipe',
      () => execFileSync('mkfifo', [join(dir.path, 'enforce.yaml')]),
      'not a regular file',
    ],
  ])('readPolicy() says why a file was not read that is %s', async (_, spoil, message) => {
    await spoil();
    expect(await readPolicy(dir.path)).toMatchObject({
      texts: {},
      problems: [{ file: 'enforce.yaml', line: 1, message: expect.stringContaining(message) }],
    });
  });
});

describe('readPolicyFile()', () => {
  it('readPolicyFile() gives the text byte for byte, and null where there is none', async () => {
    await put('enforce.yaml', '\ufeffallow: []\r\n');
    expect(await readPolicyFile(dir.path, 'enforce.yaml')).toBe('\ufeffallow: []\r\n');
    expect(await readPolicyFile(dir.path, 'network.yaml')).toBeNull();
  });
});

describe('readMode()', () => {
  it('readMode() gives the word, cuts one that is none, and is empty without a file', async () => {
    expect(await readMode(dir.path)).toBe('');
    await put('mode', 'audit\n');
    expect(await readMode(dir.path)).toBe('audit');
    await put('mode', 'x'.repeat(100_000));
    expect(await readMode(dir.path)).toHaveLength(64);
  });
});
