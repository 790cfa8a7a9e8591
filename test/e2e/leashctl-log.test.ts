// The verbs that read the record, on a log that is not of a leash that runs here: a copy, a hostile one, one
// that may not be read; and what they leave alone.

import { cp, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LEASHCTL } from '../support/policy-stage.ts';
import { type RunResult, run } from '../support/run-client.ts';
import { type Leash, startLeash } from '../support/start-leash.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { writeLog } from '../support/write-log.ts';

const CONTROLS = /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

let leash: Leash;
let origin: Origin;
let env: Record<string, string>;
const leashctl = (args: readonly string[], more: Record<string, string> = {}): Promise<RunResult> =>
  run(process.execPath, [LEASHCTL, ...args], { env: { ...env, ...more } });

beforeAll(async () => {
  origin = await startOrigin();
  leash = await startLeash({ env: { LEASH_ROTATE_MB: '1' } });
  env = { LEASH_STATE_DIR: leash.stateDir, LEASH_DIR: leash.policyDir, LOG_PATH: leash.logPath };
  await run('curl', ['-sS', '--proxy', leash.proxyUrl, 'http://10.1.2.3/blocked']);
  // Bodies that are recorded fill a segment.
  const url = `http://127.0.0.1:${origin.port}/echo`;
  for (let turn = 0; turn < 12; turn += 1) {
    await run('curl', ['-sS', '--proxy', leash.proxyUrl, '-d', 'x'.repeat(100_000), url]);
  }
});
afterAll(async () => {
  await leash.close();
  await origin.close();
});

describe('a log elsewhere', () => {
  let dir: TempDir;
  const logIn = async (name: string) => {
    await mkdir(join(dir.path, name));
    return join(dir.path, name, 'egress.jsonl');
  };
  beforeAll(async () => {
    dir = await tempDir();
  });
  afterAll(() => dir.close());

  it('--log reads a copy, without a leash and without its state', async () => {
    const copy = join(dir.path, 'copy');
    // What is being compressed is another file by the time that its turn to be copied comes.
    const isAtRest = async () => {
      const names = await readdir(dirname(leash.logPath));
      return names.filter((name) => /\.\d+\.jsonl(\.new\.gz)?$/.test(name)).length === 1;
    };
    await waitFor(isAtRest, { what: 'all finished segments to be compressed' });
    await cp(dirname(leash.logPath), copy, { recursive: true });
    const bare = { LEASH_STATE_DIR: join(dir.path, 'none'), LOG_PATH: '/none/egress.jsonl' };
    for (const path of [copy, join(copy, 'egress.jsonl')]) {
      const found = await leashctl(['search', 'class:blocked', '--log', path], bare);
      expect(found).toMatchObject({ code: 0, stderr: '' });
      expect(found.stdout).toContain('10.1.2.3');
    }
    expect(await leashctl(['search', 'class:blocked'], bare)).toMatchObject({
      code: 69,
      stdout: '',
      stderr:
        'leashctl: there is no log at /none/egress.jsonl: LOG_PATH or --log says where it is\n',
    });
  });

  it('makes nothing in the state folder, and leaves the indexes of the viewer alone', async () => {
    const index = join(leash.stateDir, 'index');
    const stateOf = async () => {
      const all = await readdir(index).catch((): string[] => []);
      const names = all.filter((name) => name.endsWith('.idx'));
      return Promise.all(
        names.map(async (name) => `${name} ${(await stat(join(index, name))).mtimeMs}`),
      );
    };
    await waitFor(async () => (await stateOf()).length > 0, { what: 'an index of the viewer' });
    const before = await stateOf();
    // A log with fewer segments: what has none there is not removed here.
    const other = await logIn('other');
    await writeLog(other, [{ event: 'blocked', host: 'a.test', port: 443, client: '10.0.0.1' }]);
    expect((await leashctl(['search', 'a.test', '--log', other])).code).toBe(0);
    expect((await leashctl(['search', 'body:xxxx'])).code).toBe(0);
    expect(await stateOf()).toEqual(expect.arrayContaining(before));
  });

  it('text of the record cannot act on a terminal', async () => {
    const hostile = '\x1b]0;title\x07\x1b[2J\x9b31m\u202e\u2028\r\nFAKE';
    const logPath = await logIn('hostile');
    await writeLog(logPath, [
      {
        event: 'allowed',
        id: '1-1-1',
        host: hostile,
        port: 443,
        client: hostile,
        agent: hostile,
        method: hostile,
        url: `https://a.test/${hostile}`,
        status: 200,
        rule: hostile,
        reason: hostile,
        [hostile]: hostile,
        req_headers: [[hostile, hostile]],
        res_body: hostile,
      },
    ]);
    for (const args of [
      ['search', 'status:200'],
      ['search', 'status:200', '--json'],
      ['tail'],
      ['show', '1-1-1'],
      ['show', '1-1-1', '--json'],
    ]) {
      const { code, stdout } = await leashctl([...args, '--log', logPath]);
      expect(code).toBe(0);
      expect(stdout).not.toMatch(CONTROLS);
      expect(stdout).toContain('FAKE');
      if (args[0] !== 'show') expect(stdout).not.toMatch(/^FAKE/m);
    }
  });

  it.runIf(process.getuid?.() === 0)(
    'who may not read the log is told so: exit code 77',
    async () => {
      const closed = await logIn('closed');
      await writeLog(closed, [{ event: 'blocked', host: 'a.test', port: 443, client: '10.0.0.1' }]);
      await run('chmod', ['0700', dirname(closed)]);
      await run('chmod', ['0755', dir.path]);
      const command = [process.execPath, LEASHCTL, 'search', 'a.test', '--log', closed];
      const { code, stdout, stderr } = await run(
        'setpriv',
        ['--reuid=65534', '--regid=65534', '--clear-groups', ...command],
        { env: { LEASH_STATE_DIR: join(dir.path, 'none') } },
      );
      expect({ code, stdout }).toEqual({ code: 77, stdout: '' });
      expect(stderr).toMatch(/EACCES/);
    },
  );
});
