// The verbs that change the lists and the mode, against a leash that runs: what they write, when they
// return, what goes to which stream.

import { chmod, chown, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENFORCE, type PolicyStage, startPolicyStage } from '../support/policy-stage.ts';
import { startLeash } from '../support/start-leash.ts';

let stage: PolicyStage;
beforeAll(async () => {
  stage = await startPolicyStage();
});
afterAll(() => stage.close());

describe('leashctl allow, block, remove', () => {
  it('what is allowed passes when it returns, comments are kept, and the record names who did it', async () => {
    const url = `http://127.0.0.1:${stage.origin.port}/hello`;
    expect(await stage.passes(url)).toBe(false);
    const done = await stage.leashctl([
      'allow',
      `127.0.0.1:${stage.origin.port}/hello`,
      '--reason',
      'a "test"',
    ]);
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toMatch(/^\+ +- host: 127\.0\.0\.1$/m);
    expect(done.stdout).toMatch(/^allowed 127\.0\.0\.1, in force, policy version \d+$/m);
    expect(await stage.passes(url)).toBe(true);
    expect(await stage.passes(`http://127.0.0.1:${stage.origin.port}/other`)).toBe(false);
    const text = await stage.policy('enforce.yaml');
    expect(text.startsWith(ENFORCE)).toBe(true);
    const change = await stage.leash.waitForRecords(
      ({ event, file, actor }) =>
        event === 'policy_change' && file === 'enforce.yaml' && actor !== undefined,
    );
    // Behind sudo it is root that says who.
    const isRoot = process.getuid?.() === 0;
    expect(change.actor).toMatch(isRoot ? /^leashctl alice$/ : /^leashctl \S+$/);
    const again = await stage.leashctl([
      'allow',
      `127.0.0.1:${stage.origin.port}/hello`,
      '--reason',
      'a "test"',
    ]);
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout).toMatch(/^127\.0\.0\.1 is allowed already, in force/);
    expect(await stage.policy('enforce.yaml')).toBe(text);
    const gone = await stage.leashctl(['remove', `127.0.0.1:${stage.origin.port}`]);
    expect(gone).toMatchObject({ code: 0, stderr: '' });
    expect(gone.stdout).toMatch(/^-.*127\.0\.0\.1$/m);
    expect(await stage.passes(url)).toBe(false);
    expect(await stage.policy('enforce.yaml')).toBe(ENFORCE);
  });

  it('takes all that an entry can say, as JSON too', async () => {
    const before = Date.now();
    const { code, stdout, stderr } = await stage.leashctl([
      'allow',
      'API.Example.com:8443/v1/',
      ...['--method', 'post', '--agent', 'ci', '--agent=bot', '--private', '--exact'],
      ...['--expires', '2h', '--json'],
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      changed: true,
      in_force: true,
      pending: [],
      file: 'enforce.yaml',
    });
    const text = await stage.policy('enforce.yaml');
    const entry = text.slice(ENFORCE.length);
    expect(entry).toContain('host: api.example.com');
    expect(entry).toMatch(/method: POST/);
    for (const part of ['8443', '/v1/', 'ci', 'bot', 'private: true', 'subdomains: false']) {
      expect(entry).toContain(part);
    }
    const expires = Date.parse(/expires: "?([\dTZ:.-]+)/.exec(entry)?.[1] ?? '');
    expect(Math.abs(expires - before - 7_200_000)).toBeLessThan(60_000);
    expect((await stage.leashctl(['remove', 'api.example.com'])).code).toBe(0);
    expect(await stage.policy('enforce.yaml')).toBe(ENFORCE);
  });

  it('removes a port of an entry that has others', async () => {
    expect((await stage.leashctl(['remove', 'api.test:8443'])).code).toBe(0);
    expect(await stage.policy('enforce.yaml')).toMatch(/ports: \[ ?443 ?\]/);
    await stage.reset();
  });

  it('a trial shows the lines and counts requests, and changes nothing', async () => {
    await stage.passes(`http://127.0.0.1:${stage.origin.port}/trial`);
    const target = `127.0.0.1:${stage.origin.port}`;
    const trial = await stage.leashctl(['allow', target, '--dry-run']);
    expect(trial).toMatchObject({ code: 0, stderr: '' });
    expect(trial.stdout).toMatch(/^\+ +- host: 127\.0\.0\.1$/m);
    expect(trial.stdout).toMatch(
      /newly allowed {2}\d+ requests? of 1 agent \(127\.0\.0\.1\) to 1 host/,
    );
    expect(trial.stdout).toMatch(/newly blocked {2}0$/m);
    const json = JSON.parse(
      (await stage.leashctl(['allow', target, '--dry-run', '--json'])).stdout,
    );
    expect(json).toMatchObject({ dry_run: true, changed: true, effect: { mode: 'enforce' } });
    expect(json.effect.newly_allowed.requests).toBeGreaterThan(0);
    expect(await stage.policy('enforce.yaml')).toBe(ENFORCE);
  });

  it('block writes the blocklist, and remove asks which list where both have it', async () => {
    expect((await stage.leashctl(['block', 'pypi.org'])).code).toBe(0);
    expect(await stage.policy('blocklist.yaml')).toContain('pypi.org');
    const both = await stage.leashctl(['remove', 'pypi.org']);
    expect(both).toMatchObject({ code: 2, stdout: '' });
    expect(both.stderr).toBe(
      'leashctl: pypi.org stands in both lists: say --list allow or --list block\n',
    );
    expect((await stage.leashctl(['remove', 'pypi.org', '--list', 'block'])).code).toBe(0);
    expect(await stage.policy('blocklist.yaml')).not.toContain('pypi.org');
    expect(await stage.policy('enforce.yaml')).toBe(ENFORCE);
  });

  it.each<[string[], number, RegExp]>([
    [
      ['remove', 'nobody.test'],
      3,
      /^leashctl: no such entry for nobody\.test in enforce\.yaml and/,
    ],
    [
      ['allow', 'https://a.test/x'],
      2,
      /is a URL: write HOST\[:PORT\]\[\/prefix\], "a\.test\/x"\n$/,
    ],
    [['allow', 'a.test:99999'], 2, /the port of "a\.test:99999" must be 1-65535/],
    [['allow', 'co.uk'], 2, /"co\.uk" is a public suffix/],
    [['allow', '\x1b[31m'], 2, /^leashctl: [\x20-\x7e]+\n$/],
    [['allow', 'a.test', '--expires', 'soon'], 2, /--expires takes a time from now/],
    [['block', 'a.test', '--expires', '2h'], 2, /block has no option "--expires"/],
    [['allow'], 2, /allow takes HOST\[:PORT\]\[\/prefix\], got nothing/],
  ])('%j exits with %i', async (args, code, message) => {
    const result = await stage.leashctl(args);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toMatch(message);
    expect(await stage.policy('enforce.yaml')).toBe(ENFORCE);
  });

  it('a file that is wrong is not edited: exit code 4, with the place and the fix', async () => {
    await stage.leash.writePolicy({ 'enforce.yaml': 'allow:\n  - https://a.test/\n' });
    const { code, stdout, stderr } = await stage.leashctl(['allow', 'b.test']);
    await stage.reset();
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(/^leashctl: enforce\.yaml:2:\d+: .*is a URL.*\n$/);
  });

  it.runIf(process.getuid?.() === 0)('leaves the file to its owner', async () => {
    const path = join(stage.leash.policyDir, 'enforce.yaml');
    await chown(path, 12_345, 54_321);
    await chmod(path, 0o640);
    expect((await stage.leashctl(['allow', 'owner.test'])).code).toBe(0);
    const { uid, gid, mode } = await stat(path);
    expect({ uid, gid, mode: mode & 0o777 }).toEqual({ uid: 12_345, gid: 54_321, mode: 0o640 });
    await stage.reset();
  });
});

describe('leashctl mode --dry-run', () => {
  it('counts what another mode would have done', async () => {
    await stage.leashctl(['mode', 'audit']);
    await stage.passes(`http://127.0.0.1:${stage.origin.port}/mode`);
    const { code, stdout } = await stage.leashctl(['mode', 'enforce', '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^-audit\n\+enforce\n/m);
    expect(stdout).toMatch(/newly blocked {2}\d+ request/);
    expect((await stage.leashctl(['mode'])).stdout).toBe('audit\n');
    await stage.leashctl(['mode', 'enforce']);
  });
});

describe('leashctl beside a leash that is stopped', () => {
  it('writes the file, and says with exit code 1 that nobody has it', async () => {
    const own = await startLeash();
    await own.stop();
    const result = await stage.leashctl(['allow', 'later.test'], {
      LEASH_STATE_DIR: own.stateDir,
      LEASH_DIR: own.policyDir,
      LOG_PATH: own.logPath,
    });
    const text = await readFile(join(own.policyDir, 'enforce.yaml'), 'utf8');
    await own.close();
    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(/allowed later\.test, written to enforce\.yaml\n$/);
    expect(result.stderr).toBe('leashctl: not in force; see leashctl status\n');
    expect(text).toContain('later.test');
  });
});
