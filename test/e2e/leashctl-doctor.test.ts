// `leashctl doctor` beside a leash that runs: what is wrong is found, and named with what would mend it.

import { chmod, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/run-client.ts';
import { type Leash, startLeash } from '../support/start-leash.ts';
import { tempDir } from '../support/temp-dir.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/viewer/cli/leashctl.js', import.meta.url));
const NETWORKS = { agent_networks: ['127.0.0.0/8'] };

type Finding = { check: string; outcome: string; what: string; fix: string };

let leash: Leash;
let dir: Awaited<ReturnType<typeof tempDir>>;

async function doctor(more: Readonly<Record<string, string>> = {}): Promise<{
  code: number | null;
  names: string[];
  of: (check: string) => Finding | undefined;
}> {
  const env = {
    LEASH_DIR: leash.policyDir,
    LEASH_STATE_DIR: leash.stateDir,
    LOG_PATH: leash.logPath,
    ...more,
  };
  const { code, stdout } = await run(process.execPath, [PROGRAM, 'doctor', '--json'], { env });
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Finding[] };
  expect(ok).toBe(code === 0);
  for (const { outcome, what, fix } of checks) {
    expect(what).not.toBe('');
    expect(fix === '').toBe(outcome === 'ok');
  }
  const names = checks.map(({ check }) => check);
  return { code, names, of: (name) => checks.find(({ check }) => check === name) };
}

beforeAll(async () => {
  dir = await tempDir();
  leash = await startLeash({
    dir: dir.path,
    policy: { mode: 'audit\n', 'agents.yaml': NETWORKS, 'network.yaml': {} },
  });
  await run('curl', ['-s', '--proxy', leash.proxyUrl, 'http://169.254.1.1/']);
  await leash.waitForRecords(({ event }) => event === 'blocked');
});
afterAll(async () => {
  await leash.close();
  await dir.close();
});

describe('leashctl doctor', () => {
  it('finds what is good', async () => {
    const { code, of } = await doctor();
    expect(code).toBe(0);
    for (const check of [
      'running',
      'settings',
      'policy',
      'ports',
      'client addresses',
      'agent networks',
      'record',
      'record times',
      'secret files',
      'log folder',
      'policy folder',
      'CA',
    ]) {
      expect(of(check)).toMatchObject({ outcome: 'ok' });
    }
    expect(of('ports')?.what).toContain(`127.0.0.1:${leash.proxyPort}`);
    expect(of('client addresses')?.what).toContain('127.0.0.1');
  });

  it('docs/leashctl.md has a row for each check, in this order', async () => {
    const text = await readFile(new URL('../../docs/leashctl.md', import.meta.url), 'utf8');
    const table = text.slice(text.indexOf('| check '));
    const rows = [...table.matchAll(/^\| ([\w ]+?) +\|/gm)].map(([, name]) => name).slice(1);
    expect(rows).toEqual((await doctor()).names);
  });

  it('is for people without --json: a line each, and the fix below', async () => {
    const env = { LEASH_DIR: leash.policyDir, LEASH_STATE_DIR: leash.stateDir };
    const { code, stdout, stderr } = await run(process.execPath, [PROGRAM, 'doctor'], { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ok +running +leash is ready/);
    expect(stdout).toMatch(/^\? +record times .*\n +fix: /m);
  });

  it('fails for a key that others may read, and a log folder that all may write', async () => {
    const key = join(leash.stateDir, 'private', 'ca.key');
    await chmod(key, 0o644);
    await chmod(dirname(leash.logPath), 0o777);
    const { code, of } = await doctor();
    await chmod(key, 0o600);
    await chmod(dirname(leash.logPath), 0o750);
    expect(code).toBe(1);
    expect(of('secret files')).toMatchObject({ outcome: 'fail' });
    expect(of('secret files')?.what).toContain(`${key} (0644)`);
    expect(of('log folder')?.outcome).toBe('fail');
  });

  it('fails for a policy file that is not in force', async () => {
    await leash.writePolicy({ 'enforce.yaml': 'allow: [' });
    await leash.waitForRecords(({ event }) => event === 'policy_error');
    const { code, of } = await doctor();
    expect(code).toBe(1);
    expect(of('policy')?.what).toMatch(/^enforce\.yaml:1:/);
    await leash.writePolicy({ 'enforce.yaml': {} });
    await expect.poll(async () => (await doctor()).code, { timeout: 10_000 }).toBe(0);
  });

  it('fails for a setting that leash would not start with, and goes on', async () => {
    const { code, of } = await doctor({ LEASH_PORXY_PORT: '1' });
    expect(code).toBe(1);
    expect(of('settings')?.what).toContain('LEASH_PORXY_PORT');
    expect(of('Node')).toBeDefined();
  });

  it('says that leash does not run, and still looks at the machine', async () => {
    await leash.stop();
    const { code, of } = await doctor();
    expect(code).toBe(1);
    expect(of('running')).toMatchObject({ outcome: 'fail', what: expect.stringContaining('stop') });
    expect(of('ports')?.outcome).toBe('fail');
    expect(of('users')?.outcome).toBe('unknown');
    expect(of('secret files')?.outcome).toBe('ok');
    expect(of('checkpoint')?.outcome).toBe('ok');
  });
});
