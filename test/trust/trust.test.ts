// trust.sh and doctor.sh on a machine of an agent, fresh from Debian: what works before, and after. Prints
// the table of docs/clients.md.

import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCas } from '../../src/shared/trust/trusted-ca.ts';
import { run } from '../support/run-client.ts';
import { type Leash, startLeash } from '../support/start-leash.ts';
import { type FreshRoot, freshRoot } from './fresh-root.ts';

type Finding = { program: string; version: string; result: string; fix: string };

const PROGRAM = fileURLToPath(new URL('../../dist/viewer/cli/leashctl.js', import.meta.url));
const ALL = 'apt curl git go java node npm pip python3 requests wget'.split(' ');
/** A shell of a login has what trust.sh set. */
const LOGIN = 'sh -lc ';

let leash: Leash;
let root: FreshRoot;
const columns = new Map<string, Finding[]>();
beforeAll(async () => {
  root = await freshRoot();
  leash = await startLeash({ policy: { mode: 'audit\n' } });
});
afterAll(async () => {
  process.stdout.write(`\n${table()}\n`);
  await leash?.close();
  await root?.close();
});

const get = (name: string) => `curl -fsS -x ${leash.proxyUrl} http://leash.internal/${name}`;
const ctl = (...args: string[]) =>
  run(process.execPath, [PROGRAM, ...args], { env: { LEASH_STATE_DIR: leash.stateDir } });
const trust = (words: string, as = 'root') =>
  root.sh(`${get('trust.sh')} | sh -s -- ${words}`, { as });
const snapshot = async () =>
  (
    await root.sh(
      'find /etc /usr/local /root -type f ! -path "/etc/ssl/certs/*" -exec sha256sum {} +',
    )
  ).stdout;
const fingerprint = async () =>
  JSON.parse((await ctl('ca', 'show', '--json')).stdout).cas[0].sha256;

/** Runs doctor.sh; `shell` prepares its environment. */
async function examine(title: string, shell: string, as = 'root', words = ''): Promise<Finding[]> {
  const file = as === 'root' ? '/root/doctor.sh' : `/home/${as}/doctor.sh`;
  await root.sh(`${get('doctor.sh')} >${file}`, { as });
  const { stdout, stderr, code } = await root.sh(`${shell}'sh ${file} --json ${words}'`, { as });
  const findings: Finding[] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  if (title !== '') columns.set(title, findings);
  expect(stderr).toBe('');
  expect(code).toBe(findings.every(({ result }) => result === 'works') ? 0 : 1);
  return findings;
}

const results = (findings: readonly Finding[]) =>
  Object.fromEntries(findings.map(({ program, result }) => [program, result]));
const each = (result: string, programs = ALL) =>
  Object.fromEntries(programs.map((program) => [program, result]));

describe('on a fresh Debian', () => {
  it('nothing works where nothing was set', async () => {
    expect(results(await examine('as it is', 'sh -c '))).toEqual(each('ignores the proxy'));
  });

  it('with the proxy variables alone nothing works, and it says which part is missing', async () => {
    const shell = `eval "$(${get('env.sh')})" 2>/dev/null; sh -c `;
    const found = results(await examine('proxy variables', shell));
    expect(found).toEqual({
      ...each('does not trust the CA'),
      java: 'ignores the proxy',
      node: 'ignores the proxy',
    });
  });

  it('says who gets past the proxy, where another way is open', async () => {
    const direct = `--direct 127.0.0.1:${new URL(leash.viewerUrl).port} curl wget`;
    const found = await examine('', 'sh -c ', 'root', direct);
    expect(results(found)).toEqual(each('BYPASSES THE PROXY', ['curl', 'wget']));
  });
});

describe('trust.sh', () => {
  it('changes nothing with --dry-run, nor where the fingerprint is another one', async () => {
    const before = await snapshot();
    const dry = await trust('--dry-run');
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout).toContain('would run update-ca-certificates');
    const wrong = await trust(`--fingerprint ${'ab'.repeat(32)}`);
    expect(wrong.code).toBe(3);
    expect(wrong.stderr).toContain(await plainFingerprint());
    expect((await trust('--fingerprint abc')).code).toBe(2);
    expect((await trust("--proxy 'http://x:1;id'")).code).toBe(2);
    expect(await snapshot()).toBe(before);
  });

  it('makes all of them work', async () => {
    const done = await trust(`--fingerprint ${await fingerprint()}`);
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(results(await examine('after trust.sh', LOGIN))).toEqual(each('works'));
  });

  it('run again, keeps all that is right', async () => {
    const before = await snapshot();
    const { stdout } = await trust('');
    expect(stdout).not.toMatch(/^(wrote|changed|ran|imported|linked|removed) /m);
    expect(await snapshot()).toBe(before);
  });

  it('takes a new CA beside the old one, so that agents go on when it is changed', async () => {
    const few = 'curl git java node pip python3'.split(' ');
    const check = async () => results(await examine('', LOGIN, 'root', few.join(' ')));
    await ctl('ca', 'rotate', '--after', '30d');
    expect(await trust('')).toMatchObject({ code: 0, stderr: '' });
    expect(await check()).toEqual(each('works', few));
    await ctl('ca', 'rotate', '--finish');
    expect(await check()).toEqual(each('works', few));
    expect((await trust('')).stdout).toMatch(/^removed .*leash-[0-9a-f]{8}\.crt$/m);
    expect(await check()).toEqual(each('works', few));
    const { stdout } = await root.sh('cat /etc/ssl/certs/ca-certificates.crt');
    const trusted = readCas(stdout).map(({ sha256 }) => sha256);
    expect(trusted).toContain(await fingerprint());
  });

  it('is taken away whole by --uninstall', async () => {
    expect(await trust('--uninstall')).toMatchObject({ code: 0, stderr: '' });
    const left = await root.sh(
      'grep -rl leash /etc /usr/local /root --exclude=doctor.sh --exclude=cacerts',
    );
    expect(left.stdout).toBe('');
    const keys = await root.sh(
      'keytool -list -cacerts -storepass changeit 2>/dev/null | grep -c leash',
    );
    expect(keys.stdout.trim()).toBe('0');
    const shell = `eval "$(${get('env.sh')})" 2>/dev/null; sh -c `;
    const found = results(await examine('', shell, 'root', 'curl npm'));
    expect(found).toEqual(each('does not trust the CA', ['curl', 'npm']));
  });

  it('does for a user without root what can be done, and says what is left', async () => {
    await root.sh('useradd -m agent');
    const done = await trust('', 'agent');
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toMatch(/left for you:[\s\S]*apt: [\s\S]*run this as root/);
    const found = results(await examine('a user without root', LOGIN, 'agent'));
    expect(found).toEqual({ ...each('works'), apt: 'does not trust the CA' });
    expect(await trust('--uninstall', 'agent')).toMatchObject({ code: 0, stderr: '' });
    const left = await root.sh('grep -rl leash . --exclude=doctor.sh', { as: 'agent' });
    expect(left.stdout).toBe('');
  });
});

async function plainFingerprint(): Promise<string> {
  return String(await fingerprint())
    .replaceAll(':', '')
    .toLowerCase();
}

function table(): string {
  const titles = [...columns.keys()];
  const first = columns.get(titles[0] ?? '') ?? [];
  const cell = (title: string, program: string) =>
    columns.get(title)?.find((finding) => finding.program === program)?.result ?? '';
  return [
    `| program | version | ${titles.join(' | ')} |`,
    `| --- | --- |${' --- |'.repeat(titles.length)}`,
    ...first.map(
      ({ program, version }) =>
        `| ${program} | ${version} | ${titles.map((title) => cell(title, program)).join(' | ')} |`,
    ),
  ].join('\n');
}
