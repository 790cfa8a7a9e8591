// The command line as an operator runs it: exit codes, what goes to which stream, and the truth of it.

import { constants } from 'node:fs';
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Status } from '../../src/shared/status.ts';
import { VERBS } from '../../src/viewer/cli/verbs.ts';
import { type RunResult, run } from '../support/run-client.ts';
import { type Leash, startLeash } from '../support/start-leash.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const NAMES = VERBS.map(({ name }) => name).join(', ');
const PROGRAM = fileURLToPath(new URL('../../dist/viewer/cli/leashctl.js', import.meta.url));

function leashctl(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<RunResult> {
  return run(process.execPath, [PROGRAM, ...args], { env });
}

describe('leashctl beside a leash that runs', () => {
  let leash: Leash;
  let env: Record<string, string>;
  beforeAll(async () => {
    leash = await startLeash({ workers: 2 });
    env = { LEASH_STATE_DIR: leash.stateDir };
  });
  afterAll(() => leash.close());

  it('status tells what it does, in a table and as JSON', async () => {
    const table = await leashctl(['status'], env);
    expect(table).toMatchObject({ code: 0, stderr: '' });
    expect(table.stdout).toMatch(/^state +ready\nsince +\d{4}-\d\d-\d\dT/);
    expect(table.stdout).toMatch(/^mode +audit$/m);
    expect(table.stdout).toMatch(/^policy +version 1$/m);
    expect(table.stdout).toMatch(/^workers +2 of 2 listening$/m);
    expect(table.stdout).toContain(`127.0.0.1:${leash.proxyPort}\n`);
    const json = await leashctl(['status', '--json'], env);
    expect(json).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(json.stdout)).toMatchObject({
      ready: true,
      problems: [],
      status: { pid: leash.pid, state: 'running', policy: { mode: 'audit' } },
    });
  });

  it('is a program of its own after each build, as package.json says', async () => {
    const { bin } = JSON.parse(
      await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
    );
    expect(Object.keys(bin)).toEqual(['leash', 'leashctl']);
    for (const path of Object.values<string>(bin)) {
      await access(new URL(`../../${path}`, import.meta.url), constants.X_OK);
    }
    expect((await run(PROGRAM, ['help'])).stdout).toMatch(/^usage: leashctl/);
  });

  it('status follows the record while nothing else changes', async () => {
    const seq = async () =>
      JSON.parse((await leashctl(['status', '--json'], env)).stdout).status.log.seq;
    const before = await seq();
    await run('curl', ['-sS', '--proxy', leash.proxyUrl, 'http://10.1.2.3/']);
    await waitFor(async () => (await seq()) > before, { what: 'a newer number' });
  });

  it('token prints the token that opens the viewer, and nothing else', async () => {
    const { code, stdout, stderr } = await leashctl(['token'], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\S{20,}\n$/);
    const token = stdout.trim();
    const login = (given: string) =>
      fetch(`${leash.viewerUrl}/api/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: leash.viewerUrl },
        body: JSON.stringify({ token: given }),
      });
    expect((await login(token)).status).toBe(200);
    expect((await login(`${token}x`)).status).toBe(401);
    expect(JSON.parse((await leashctl(['token', '--json'], env)).stdout)).toEqual({ token });
  });

  it('status names a policy file that is wrong, with its place', async () => {
    await leash.writePolicy({ 'enforce.yaml': 'allow:\n  - https://a.test/\n' });
    const { stdout } = await waitFor(
      async () => {
        const result = await leashctl(['status'], env);
        return result.stdout.includes('policy file') ? result : null;
      },
      { what: 'the problem in the status' },
    );
    expect(stdout).toMatch(/^policy file +enforce\.yaml:2:\d+: .+$/m);
    await rm(join(leash.policyDir, 'enforce.yaml'));
  });

  it('status exits with 69 when leash has ended', async () => {
    const own = await startLeash();
    const ownEnv = { LEASH_STATE_DIR: own.stateDir };
    expect((await leashctl(['status'], ownEnv)).code).toBe(0);
    await own.stop();
    const { code, stdout, stderr } = await leashctl(['status'], ownEnv);
    await own.close();
    expect({ code, stdout }).toEqual({ code: 69, stdout: '' });
    expect(stderr).toMatch(/^leash is not reachable: .+\n$/);
  });
});

describe('leashctl alone', () => {
  let dir: TempDir;
  let env: Record<string, string>;
  beforeEach(async () => {
    dir = await tempDir();
    env = { LEASH_STATE_DIR: dir.path };
  });
  afterEach(() => dir.close());

  it.each([[['help']], [['--help']], [['-h']], [[]]])(
    '%j prints the verbs and exits with 0',
    async (args) => {
      const { code, stdout, stderr } = await leashctl(args, env);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^usage: leashctl <verb>/);
      for (const verb of ['status', 'token', 'verify', 'help'])
        expect(stdout).toMatch(new RegExp(`^  ${verb} `, 'm'));
    },
  );

  it.each([
    [['nonsense'], `leashctl: unknown verb "nonsense", allowed: ${NAMES}\n`],
    [['\x1b[31m'], `leashctl: unknown verb "\\u001b[31m", allowed: ${NAMES}\n`],
    [['constructor'], `leashctl: unknown verb "constructor", allowed: ${NAMES}\n`],
    [['status', 'all'], 'leashctl: status takes no argument, got "all"\n'],
    [['token', '--force'], 'leashctl: token has no option "--force", see leashctl help token\n'],
  ])('%j exits with 2 and one line that says why', async (args, line) => {
    expect(await leashctl(args, env)).toMatchObject({ code: 2, stdout: '', stderr: line });
  });

  it('help --json is the table that a reference is made of', async () => {
    for (const args of [['help', '--json'], ['--json']]) {
      const { code, stdout, stderr } = await leashctl(args, env);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const { verbs } = JSON.parse(stdout) as { verbs: { name: string }[] };
      expect(verbs.map(({ name }) => name)).toContain('config show');
    }
  });

  it('says what is wrong as JSON where that is asked for', async () => {
    const { code, stdout, stderr } = await leashctl(['token', '--json'], env);
    expect({ code, stdout }).toEqual({ code: 69, stdout: '' });
    expect(JSON.parse(stderr)).toEqual({ error: expect.stringMatching(/^there is no token: /) });
    const unknown = await leashctl(['nonsense', '--json'], env);
    expect(JSON.parse(unknown.stderr).error).toMatch(/^unknown verb "nonsense"/);
  });

  it('takes from the file of an installed leash what the environment lacks', async () => {
    const file = join(dir.path, 'leash.env');
    await writeFile(file, `LEASH_STATE_DIR=${dir.path}\nLEASH_VIEWER_TOKEN=token-of-the-file\n`);
    const token = await leashctl(['token'], { LEASH_ENV_FILE: file });
    expect(token).toMatchObject({ code: 0, stdout: 'token-of-the-file\n' });
    const shown = await leashctl(['config', 'show', '--origin'], { ...env, LEASH_ENV_FILE: file });
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(shown.stdout).toMatch(/^LEASH_STATE_DIR=\S+ +environment$/m);
    expect(shown.stdout).toMatch(/^LEASH_VIEWER_TOKEN=\(secret\) +\S+leash\.env:2$/m);
    expect(shown.stdout).toMatch(/^PORT=8090 +default$/m);
    await writeFile(file, 'PORT=http\n');
    const wrong = await leashctl(['status'], { LEASH_ENV_FILE: file });
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toMatch(/^leashctl: \S+leash\.env:1: PORT is "http", allowed: /);
    expect((await leashctl(['help'], { LEASH_ENV_FILE: file })).code).toBe(0);
  });

  it('exits with 2 and names a setting that is none', async () => {
    const { code, stderr } = await leashctl(['status'], { ...env, LEASH_STATE_DIRR: '/x' });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^.*LEASH_STATE_DIRR is not a setting.*\n$/);
  });

  it('status and token exit with 69 where leash has never been started', async () => {
    const status = await leashctl(['status'], env);
    expect(status).toMatchObject({ code: 69, stdout: '' });
    expect(status.stderr).toBe(
      `leash is not reachable: leash has not started: no status file (LEASH_STATE_DIR is ${dir.path})\n`,
    );
    const json = await leashctl(['status', '--json'], env);
    expect(json.code).toBe(69);
    expect(JSON.parse(json.stdout)).toMatchObject({ ready: false, status: null });
    expect(await leashctl(['token'], env)).toMatchObject({ code: 69, stdout: '' });
  });

  it('token takes the one of the environment, and says when it is off', async () => {
    const given = await leashctl(['token'], { ...env, LEASH_VIEWER_TOKEN: 'given-token-1234' });
    expect(given).toMatchObject({ code: 0, stdout: 'given-token-1234\n' });
    const off = await leashctl(['token'], { ...env, LEASH_VIEWER_TOKEN: 'off' });
    expect(off).toMatchObject({ code: 1, stdout: '' });
    expect(off.stderr).toBe('there is no token: LEASH_VIEWER_TOKEN is "off"\n');
  });

  it('status exits with 1 and says what is wrong while leash is not ready', async () => {
    const status: Status = {
      bootId: 'b',
      pid: process.pid,
      startedAt: 0,
      state: 'running',
      policy: { version: 1, mode: 'enforce', files: {} },
      problems: [],
      workers: [{ number: 1, pid: 1, listening: true, policy: 1 }],
      log: {
        healthy: false,
        problem: 'disk is full',
        segment: 1,
        seq: 5,
        check: {
          state: 'done',
          segments: 3,
          damage: [{ file: 'egress.2.jsonl', seq: 7, offset: 99 }],
        },
      },
      records: { allowed: 3 },
      listeners: { proxy: { host: '', port: 8080 }, viewer: { host: '::1', port: 8090 } },
    };
    await mkdir(join(dir.path, 'run'));
    await writeFile(join(dir.path, 'run', 'status.json'), JSON.stringify(status));
    const { code, stdout } = await leashctl(['status'], env);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^state +running, not ready$/m);
    expect(stdout).toMatch(/^record +NOT WRITABLE: disk is full$/m);
    expect(stdout).toMatch(/^chain +3 segments checked at the start, DAMAGE$/m);
    expect(stdout).toMatch(
      /^DAMAGED +egress\.2\.jsonl, record 7, byte 99: run leashctl verify FOLDER/m,
    );
    expect(stdout).toMatch(/^proxy +\*:8080$/m);
    expect(stdout).toMatch(/^viewer +\[::1\]:8090$/m);
  });
});
