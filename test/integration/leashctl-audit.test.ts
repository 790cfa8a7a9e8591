// `leashctl suggest` and `leashctl replay` as an operator runs them between audit and enforce: on files of a
// log and a policy folder, with nothing else running.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compressSegment } from '../support/compress-segment.ts';
import { type RunResult, run } from '../support/run-client.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { writeLog } from '../support/write-log.ts';

const LEASHCTL = fileURLToPath(new URL('../../dist/viewer/cli/leashctl.js', import.meta.url));
const AGENTS =
  'agents:\n  - { name: ci, networks: [10.0.0.1/32] }\n  - { name: cd, networks: [10.0.0.2/32] }\n';

let dir: TempDir;
let policy: string;
let logPath: string;
beforeEach(async () => {
  dir = await tempDir();
  policy = join(dir.path, 'policy');
  logPath = join(dir.path, 'logs', 'egress.jsonl');
  await mkdir(policy);
  await mkdir(join(dir.path, 'logs'));
  for (const [name, text] of [
    ['mode', 'audit\n'],
    ['enforce.yaml', 'allow: []\n'],
    ['agents.yaml', AGENTS],
  ] as const) {
    await writeFile(join(policy, name), text);
  }
  await writeLog(logPath, entries(), 4000);
});
afterEach(() => dir.close());

/** A hundred flows: what agents of two names ask for, a tunnel, and what was refused. */
function entries() {
  return Array.from({ length: 100 }, (_, n) => {
    const isCi = n % 2 === 0;
    const who = { client: isCi ? '10.0.0.1' : '10.0.0.2', agent: isCi ? 'ci' : 'cd' };
    const id = `1-1-${n + 1}`;
    if (n % 10 === 9) {
      const host = 'evil.test';
      const facts = { host, port: 443, method: 'GET', url: `https://${host}/` };
      return { event: 'blocked', id, ...who, ...facts, reason: 'not_in_allowlist' } as const;
    }
    if (n % 10 === 8) {
      const facts = { host: 'git.test', port: 22, method: 'CONNECT', url: 'git.test:22' };
      return { event: 'connect_closed', id, ...who, ...facts } as const;
    }
    const facts = { host: 'api.test', port: 443, method: 'GET', url: `https://api.test/v1/${n}?q` };
    return {
      event: 'allowed',
      id,
      ...who,
      ...facts,
      status: 200,
      req_body: 'x'.repeat(50),
    } as const;
  });
}

const leashctl = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  run(process.execPath, [LEASHCTL, ...args], {
    env: { LEASH_DIR: policy, LOG_PATH: logPath, LEASH_STATE_DIR: dir.path, ...env },
  });
const inDir = async (name: string, text: string) => {
  await writeFile(join(dir.path, name), text);
  return join(dir.path, name);
};
const first = ({ stderr }: RunResult) => stderr.split('\n')[0];

describe('leashctl suggest', () => {
  it('prints a list that loads, and under which nothing is newly blocked, before it is in force and then', async () => {
    const suggested = await leashctl(['suggest']);
    expect(suggested.code).toBe(0);
    expect(first(suggested)).toBe('leashctl: 2 entries');
    expect(suggested.stdout).toContain('  - host: "api.test"\n');
    expect(suggested.stdout).not.toContain('host: "evil.test"');
    const list = await inDir('suggested.yaml', suggested.stdout);
    const before = await leashctl(['replay', '--policy', list]);
    expect(before.stdout).toContain('0 newly blocked, 0 newly allowed');
    expect(before.code).toBe(0);
    await writeFile(join(policy, 'enforce.yaml'), await readFile(list));
    await writeFile(join(policy, 'mode'), 'enforce\n');
    const after = await leashctl(['replay', '--json']);
    expect(after.code).toBe(0);
    expect(JSON.parse(after.stdout)).toMatchObject({ newly_blocked: 0, judged: 100 });
  });

  it('is of one agent, and of a window, and says so in the text; in JSON with the same text', async () => {
    const { stdout, stderr, code } = await leashctl(['suggest', '--agent', 'cd', '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const answer = JSON.parse(stdout);
    expect(answer.entries.map(({ host, agents }: never) => [host, agents])).toEqual([
      ['api.test', ['cd']],
    ]);
    expect(answer.enforce_yaml).toContain('# Made by: leashctl suggest --agent cd\n');
    // The records of this log are of 2023.
    const late = await leashctl(['suggest', '--since', '7d']);
    expect(late.code).toBe(3);
    expect(late.stdout).toContain('\nallow: []\n');
  });

  it('reads compressed segments, too', async () => {
    const plain = await leashctl(['suggest', '--json']);
    compressSegment(join(dir.path, 'logs', 'egress.1.jsonl'));
    const compressed = await leashctl(['suggest', '--json']);
    expect(JSON.parse(compressed.stdout).entries).toEqual(JSON.parse(plain.stdout).entries);
  });
});

describe('leashctl replay', () => {
  it('says what flips, by agent and host, with an example, and exits with 1 where something is newly blocked', async () => {
    const list = await inDir(
      'try.yaml',
      'allow:\n  - { host: api.test, agents: [ci] }\n  - evil.test\n',
    );
    const { code, stdout, stderr } = await leashctl(['replay', '--policy', list]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toContain('50 newly blocked, 10 newly allowed');
    expect(stdout).toMatch(/^cd: 40 newly blocked, 10 newly allowed$/m);
    expect(stdout).toMatch(
      /^ {2}blocked +40 {2}api\.test:443 +GET \/v1\/1 {2}not_in_allowlist, such as 1-1-2$/m,
    );
    expect(stdout).toMatch(/^ {2}blocked +10 {2}git\.test:22 +tunnel {2}not_in_allowlist/m);
    const json = JSON.parse((await leashctl(['replay', '--policy', list, '--json'])).stdout);
    expect(json).toMatchObject({ newly_blocked: 50, newly_allowed: 10, judged: 100 });
    expect(json.agents[0]).toMatchObject({ agent: 'cd', newly_blocked: 40 });
  });

  it('takes a folder as a whole policy, and a file in the place of its namesake', async () => {
    const folder = join(dir.path, 'other');
    await mkdir(folder);
    await writeFile(
      join(folder, 'enforce.yaml'),
      'allow: [api.test, { host: git.test, ports: [22] }]\n',
    );
    expect((await leashctl(['replay', '--policy', folder])).code).toBe(0);
    const blocklist = await inDir('blocklist.yaml', 'block: [git.test]\n');
    const tried = await leashctl(['replay', '--policy', blocklist, '--mode', 'blocklist']);
    expect(tried.stdout).toContain('10 newly blocked, 10 newly allowed');
    expect(tried.stdout).toContain('in blocklist mode, in the place of blocklist.yaml');
  });

  it('compares with what the record says where there is no policy folder', async () => {
    const list = await inDir('try.yaml', 'allow: [evil.test]\n');
    const { stdout } = await leashctl(['replay', '--policy', list], { LEASH_DIR: '/nonexistent' });
    expect(stdout).toContain('before  what the record says: there is no policy in /nonexistent');
    expect(stdout).toContain('90 newly blocked, 10 newly allowed');
  });

  it.each([
    [
      ['--policy', '/nonexistent/x.yaml'],
      4,
      '/nonexistent/x.yaml: there is no such file or folder',
    ],
    [['--since', 'soon'], 2, 'replay --since takes a time like 7d or 2026-01-31, got "soon"'],
    [['--mode', 'strict'], 2, 'replay --mode takes enforce|audit|blocklist, got "strict"'],
  ])('%s is a mistake that it names, with exit code %i', async (args, code, message) => {
    const result = await leashctl(['replay', ...args]);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(first(result)).toBe(`leashctl: ${message}`);
  });

  it('names the mistake in a file of either policy, and what is not there to be read', async () => {
    const wrong = await inDir('try.yaml', 'allow:\n  - "*"\n');
    const given = await leashctl(['replay', '--policy', wrong]);
    expect([given.code, given.stderr]).toEqual([4, expect.stringContaining('enforce.yaml:2:5: ')]);
    const nowhere = await leashctl(['replay'], {
      LOG_PATH: join(dir.path, 'none', 'egress.jsonl'),
    });
    expect([nowhere.code, nowhere.stderr]).toEqual([
      69,
      expect.stringContaining('there is no log'),
    ]);
    await writeFile(join(policy, 'enforce.yaml'), 'allow: [co.uk]\n');
    const present = await leashctl(['suggest']);
    expect(present.code).toBe(4);
    expect(first(present)).toContain(
      'what is in force is not known, mend it first: enforce.yaml:1:',
    );
  });
});
