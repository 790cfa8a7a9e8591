// `leashctl verify` as an auditor runs it, on a copy of a folder: flags, exit codes, what goes where.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunResult, run } from '../support/run-client.ts';
import {
  LogWriter,
  newSigner,
  type SignedLog,
  signedLog,
  textOf,
  writeSignedLog,
} from '../support/signed-log.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';

const LEASHCTL = fileURLToPath(new URL('../../dist/viewer/cli/leashctl.js', import.meta.url));
const VERIFY_PY = fileURLToPath(new URL('../../docs/verify.py', import.meta.url));
const signer = newSigner();

let dir: TempDir;
let logs: string;
let log: SignedLog;
beforeEach(async () => {
  dir = await tempDir();
  logs = join(dir.path, 'logs');
  log = signedLog({ signer });
  await mkdir(logs);
  await writeSignedLog(logs, log, [1]);
});
afterEach(() => dir.close());

const verify = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  run(process.execPath, [LEASHCTL, 'verify', ...args], { env });
const python = (args: readonly string[]) => run('python3', [VERIFY_PY, ...args]);
const inDir = async (name: string, text: string | Buffer) => {
  await writeFile(join(dir.path, name), text);
  return join(dir.path, name);
};
const first = ({ stdout }: RunResult) => stdout.split('\n')[0];

describe('leashctl verify', () => {
  it('takes the folder of LOG_PATH where none is named, and the key of the state folder with it', async () => {
    const env = { LOG_PATH: join(logs, 'egress.jsonl'), LEASH_STATE_DIR: dir.path };
    const unpinned = await verify([], env);
    expect(unpinned).toMatchObject({ code: 0, stderr: '' });
    expect(unpinned.stdout).toContain(`${signer.key}, NOT PINNED`);
    const path = await inDir('checkpoint-key.pub', `${signer.key}\n`);
    expect((await verify([], env)).stdout).toContain(`pinned by ${path}`);
    await inDir('checkpoint-key.pub', `${newSigner().key}\n`);
    expect(first(await verify([], env))).toMatch(/^RE-SIGNED seq 7 /);
    // Another folder may be of another leash.
    expect((await verify([logs], env)).code).toBe(0);
  });

  it('says in JSON what it says in words', async () => {
    const { code, stdout, stderr } = await verify([logs, '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'verified',
      records: 41,
      last_seq: 41,
      segments: 3,
      checkpoints: 6,
      signed_seq: 39,
      unsigned_records: 2,
      keys: [signer.key],
      kept: { own: 6, given: 0, found: 6 },
      problems: [],
    });
    log.segments[1]?.lines.splice(4, 1);
    await writeSignedLog(logs, log);
    const broken = await verify(['--json', logs]);
    expect(broken.code).toBe(5);
    expect(JSON.parse(broken.stdout)).toMatchObject({
      outcome: 'missing',
      problems: [{ outcome: 'missing', seq: 18, file: 'egress.2.jsonl', reported: false }],
    });
  });

  it('takes keys and kept checkpoints from files', async () => {
    const keys = await inDir('keys', `${newSigner().key}\n${signer.key}\n`);
    const kept = await inDir('kept', textOf(log.checkpoints ?? []));
    const args = [logs, '--key', keys, '--checkpoint', kept];
    const found = await verify(args);
    expect(found).toMatchObject({ code: 0, stderr: '' });
    expect(found.stdout).toMatch(/^key +pinned by .*\/keys$/m);
    expect(found.stdout).toMatch(
      /^kept +checkpoints: 6 beside the log, 6 of --checkpoint; 12 in the log$/m,
    );
    const page = await python([logs, '--key', signer.key, '--checkpoint', kept]);
    expect(page).toMatchObject({ code: 0, stderr: '' });
  });

  it('lists the file of an older program as not chained, whatever is in it', async () => {
    await writeFile(join(logs, 'egress.0.jsonl'), 'a line without a chain\n');
    const found = await verify([logs]);
    expect(found.code).toBe(0);
    expect(found.stdout).toMatch(/^not chained +segment 0/m);
    expect((await python([logs])).code).toBe(0);
  });

  it('says where leash has reported the damage itself', async () => {
    const writer = new LogWriter({ signer }).records(4);
    const lines = writer.log.segments[0]?.lines ?? [];
    lines[2] = (lines[2] ?? '').replace('a.test', 'b.test');
    writer.segment().add('log_recovered', { file: 'egress.1.jsonl', reason: 'damaged' });
    log = writer.records(1).checkpoint().log;
    const own = await tempDir();
    await writeSignedLog(own.path, log);
    const found = await verify([own.path]);
    await own.close();
    expect(first(found)).toMatch(
      /^DAMAGED seq 3 egress\.1\.jsonl byte \d+: .*leash says so itself/,
    );
    expect(found.code).toBe(5);
  });

  it.each<[string, (dir: string) => string[], RegExp]>([
    [
      'an empty folder',
      (dir) => [dir],
      /^leashctl: nothing to verify in \S+: no record in segments/,
    ],
    [
      'no folder',
      (dir) => [join(dir, 'none')],
      /^leashctl: nothing to verify in \S+\/none: it is no folder/,
    ],
    [
      'a name to be shown',
      () => ['/x\x1b[31m\u202e'],
      /^leashctl: nothing to verify in "\/x\\u001b\[31m\\u202e"/,
    ],
  ])('exits with 1 on %s', async (_, argsIn, message) => {
    const empty = await tempDir();
    const { code, stdout, stderr } = await verify(argsIn(empty.path));
    const other = await python(argsIn(empty.path).slice(0, 1));
    await empty.close();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(other).toMatchObject({ code: 1, stdout: '' });
  });

  it.each<[string[], RegExp]>([
    [['a', 'b'], /^leashctl: verify takes \[FOLDER\] and no more, got "b"\n$/],
    [['--kay', 'x'], /no option "--kay", did you mean --key\?\n$/],
    [['--key'], /^leashctl: verify --key takes HEX\|FILE, got nothing\n$/],
    [
      ['--key', 'abc\x1b'],
      /^leashctl: --key takes 64 hex digits or a file with such lines, got "abc\\u001b"\n$/,
    ],
    [['--checkpoint', '/none'], /^leashctl: --checkpoint \/none: there is no such file\n$/],
    [['--checkpoint', '/dev/null'], /^leashctl: --checkpoint \/dev\/null: it is no file\n$/],
  ])('exits with 2 on %j', async (args, message) => {
    const { code, stdout, stderr } = await verify(args, { LOG_PATH: join(logs, 'egress.jsonl') });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it.each<[string[]]>([
    [[]],
    [['a', 'b']],
    [['a', '--key', 'abc']],
    [['a', '--checkpoint', '/none']],
  ])('verify.py exits with 2 on %j and says how it is used', async (args) => {
    const { code, stdout, stderr } = await python(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('verify.py [-h] [--key HEX] [--checkpoint FILE] folder');
  });

  it('shows progress on a terminal, and none in JSON', async () => {
    const onTerminal = (args: string) =>
      run('script', [
        '-qec',
        `${process.execPath} ${LEASHCTL} verify ${logs} ${args}`,
        '/dev/null',
      ]);
    expect((await onTerminal('')).stdout).toContain('\r\x1b[K');
    expect((await onTerminal('--json')).stdout).not.toContain('\x1b');
  });
});
