import { appendFile, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type PolicyChange,
  type PolicyWatch,
  startPolicyWatch,
} from '../../src/primary/policy/policy-watch.ts';
import type { PolicyProblem } from '../../src/shared/policy-file.ts';
import type { PolicyFile } from '../../src/shared/policy-source.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

type Seen = {
  readonly watch: PolicyWatch;
  readonly changes: PolicyChange[];
  /** One member per call. */
  readonly problems: PolicyProblem[][];
  /** The hosts in force. */
  hosts(): string[] | undefined;
};

describe('startPolicyWatch()', () => {
  let temp: TempDir;
  let dir: string;
  const open: PolicyWatch[] = [];

  beforeEach(async () => {
    temp = await tempDir();
    dir = join(temp.path, 'policy');
    await mkdir(dir);
  });
  afterEach(async () => {
    for (const watch of open.splice(0)) watch.close();
    await temp.close();
  });

  async function start(now = () => performance.now()): Promise<Seen> {
    const changes: PolicyChange[] = [];
    const problems: PolicyProblem[][] = [];
    const watch = await startPolicyWatch({
      dir,
      now,
      onChange: (change) => changes.push(change),
      onProblem: (found) => problems.push(found),
    });
    open.push(watch);
    const hosts = () => watch.current()?.source.allow.map(({ host }) => host);
    return { watch, changes, problems, hosts };
  }

  const write = (file: PolicyFile, text: string) => writeFile(join(dir, file), text);

  /** As leashctl, the viewer and most editors save. */
  async function replace(file: PolicyFile, text: string): Promise<void> {
    await writeFile(join(dir, `.${file}.tmp`), text);
    await rename(join(dir, `.${file}.tmp`), join(dir, file));
  }

  const allow = (...hosts: string[]) => `allow: [${hosts.join(', ')}]\n`;
  const inForce = ({ hosts }: Seen, ...expected: string[]) =>
    waitFor(() => hosts()?.join() === expected.join(), { what: `${expected.join()} in force` });

  it('has the files of the start in force before it resolves', async () => {
    await write('enforce.yaml', allow('a.test'));
    await write('mode', 'blocklist\n');
    const seen = await start();
    expect(seen.changes).toHaveLength(1);
    expect(seen.watch.current()).toBe(seen.changes[0]);
    expect(seen.changes[0]).toMatchObject({ version: 1, changedFiles: ['mode', 'enforce.yaml'] });
    expect(seen.changes[0]?.source.mode).toBe('blocklist');
    expect(seen.problems).toEqual([]);
  });

  it('puts an empty folder in force as enforce with empty lists', async () => {
    const { watch, problems } = await start();
    expect(watch.current()?.source).toMatchObject({ mode: 'enforce', allow: [] });
    expect(problems).toEqual([]);
  });

  it('has nothing in force where there is no folder, says so once, and waits for it', async () => {
    await rm(dir, { recursive: true });
    const seen = await start();
    expect(seen.watch.current()).toBeNull();
    expect(seen.watch.problems()).toEqual([
      {
        file: dir,
        line: 1,
        column: 1,
        message:
          'Cannot read policy directory: there is none; everything is denied until it exists',
      },
    ]);
    const made = `${dir}.new`;
    await mkdir(made);
    await writeFile(join(made, 'enforce.yaml'), allow('a.test'));
    await rename(made, dir);
    await inForce(seen, 'a.test');
    expect(seen.problems).toHaveLength(1);
    expect(seen.watch.problems()).toEqual([]);
  });

  it('notices each file that is replaced, and says which one it was', async () => {
    const seen = await start();
    await replace('enforce.yaml', allow('a.test'));
    await inForce(seen, 'a.test');
    await replace('mode', 'audit');
    await waitFor(() => seen.changes.length === 3, { what: 'the third version' });
    expect(seen.changes.map(({ version, changedFiles }) => [version, ...changedFiles])).toEqual([
      [1],
      [2, 'enforce.yaml'],
      [3, 'mode'],
    ]);
    expect(seen.changes[2]?.previousMode).toBe('enforce');
    expect(seen.hosts()).toEqual(['a.test']);
  });

  it('has the last of many changes in force, and nothing that nobody wrote', async () => {
    const seen = await start();
    for (let i = 0; i < 100; i += 1) await replace('enforce.yaml', allow(`n${i}.test`, 'z.test'));
    await inForce(seen, 'n99.test', 'z.test');
    for (const { source } of seen.changes.slice(1)) {
      expect(source.allow.map(({ host }) => host).join()).toMatch(/^n\d+\.test,z\.test$/);
    }
    expect(seen.problems).toEqual([]);
    const versions = seen.changes.map(({ version }) => version);
    expect(versions).toEqual(versions.map((_, i) => i + 1));
  });

  it('keeps the last good content of a bad file, and reports the mistake once', async () => {
    await write('enforce.yaml', allow('a.test'));
    const seen = await start();
    await replace('enforce.yaml', 'allow:\n  - B.test\n');
    await waitFor(() => seen.problems.length > 0, { what: 'the problem' });
    const problem = {
      file: 'enforce.yaml',
      line: 2,
      column: 5,
      message: '"B.test" is not in normal form: write "b.test"',
    };
    // A change of another file shows that it has looked again, and that nothing is held up.
    await replace('mode', 'audit');
    await waitFor(() => seen.changes.length === 2, { what: 'the mode' });
    expect(seen.changes[1]?.source.mode).toBe('audit');
    expect(seen.hosts()).toEqual(['a.test']);
    expect(seen.problems).toEqual([[problem]]);
    expect(seen.watch.problems()).toEqual([problem]);
    await replace('enforce.yaml', allow('b.test'));
    await inForce(seen, 'b.test');
    expect(seen.watch.problems()).toEqual([]);
  });

  it('says that a mistake is solved where the policy in force stays the same', async () => {
    await write('enforce.yaml', allow('a.test'));
    const seen = await start();
    await replace('enforce.yaml', 'allow: [');
    await waitFor(() => seen.problems.length === 1, { what: 'the problem' });
    await replace('enforce.yaml', allow('a.test'));
    await waitFor(() => seen.problems.length === 2, { what: 'the solution' });
    expect(seen.problems[1]).toEqual([]);
    expect(seen.changes).toHaveLength(1);
  });

  it('has nothing in force as long as a file of the start is bad', async () => {
    await write('blocklist.yaml', 'block: [');
    await write('mode', 'blocklist');
    const seen = await start();
    expect(seen.watch.current()).toBeNull();
    expect(seen.problems).toHaveLength(1);
    await replace('blocklist.yaml', 'block: [b.test]');
    await waitFor(() => seen.watch.current(), { what: 'a policy' });
    expect(seen.changes).toHaveLength(1);
    expect(seen.watch.current()?.source).toMatchObject({
      mode: 'blocklist',
      block: [{ host: 'b.test' }],
    });
  });

  it('keeps what was in force of a file that is deleted, and of a folder that goes away', async () => {
    await write('enforce.yaml', allow('a.test'));
    const seen = await start();
    await rm(join(dir, 'enforce.yaml'));
    await waitFor(() => seen.problems.length > 0, { what: 'the problem' });
    expect(seen.problems).toEqual([
      [
        expect.objectContaining({
          file: 'enforce.yaml',
          message: 'Cannot read policy file: it was deleted',
        }),
      ],
    ]);
    expect(seen.hosts()).toEqual(['a.test']);
    await rename(dir, `${dir}.away`);
    await mkdir(dir);
    await replace('enforce.yaml', allow('b.test'));
    await inForce(seen, 'b.test');
    expect(seen.changes).toHaveLength(2);
  });

  it('follows a symlink that is swapped, as a volume of Kubernetes does it', async () => {
    for (const [folder, host] of [
      ['v1', 'a.test'],
      ['v2', 'b.test'],
    ] as const) {
      await mkdir(join(temp.path, folder));
      await writeFile(join(temp.path, folder, 'enforce.yaml'), allow(host));
    }
    const link = join(temp.path, 'current');
    await symlink('v1', link);
    await symlink('../current/enforce.yaml', join(dir, 'enforce.yaml'));
    const seen = await start();
    expect(seen.hosts()).toEqual(['a.test']);
    await symlink('v2', `${link}.new`);
    await rename(`${link}.new`, link);
    await inForce(seen, 'b.test');
    expect(seen.changes).toHaveLength(2);
    expect(seen.problems).toEqual([]);
  });

  describe('with a clock that the test sets', () => {
    let clockMs = 0;
    let looks = 0;
    beforeEach(() => {
      clockMs = 0;
    });
    const now = () => {
      looks += 1;
      return clockMs;
    };
    /** Two looks: one has begun and ended since the call. */
    const looked = () => {
      const goal = looks + 2;
      return waitFor(() => looks >= goal, { what: 'two looks at the folder', everyMs: 5 });
    };

    it('files that are being written are not read: a change counts only once it has come to rest', async () => {
      const seen = await start(now);
      await replace('enforce.yaml', allow('a.test'));
      await looked();
      clockMs += 8;
      await inForce(seen, 'a.test');
      // Each state is a valid file, so nothing but the rest tells that it is half of one.
      await write('enforce.yaml', 'allow:\n');
      for (let i = 0; i < 4; i += 1) {
        await looked();
        clockMs += 39;
        await looked();
        await appendFile(join(dir, 'enforce.yaml'), `  - n${i}.test\n`);
      }
      await looked();
      expect(seen.hosts()).toEqual(['a.test']);
      clockMs += 40;
      await inForce(seen, 'n0.test', 'n1.test', 'n2.test', 'n3.test');
      expect(seen.changes).toHaveLength(3);
      expect(seen.problems).toEqual([]);
    });

    it('denies everything as long as a file of the start does not rest', async () => {
      await write('enforce.yaml', allow('a.test'));
      const seen = await start(now);
      expect(seen.watch.current()).toBeNull();
      expect(seen.problems).toEqual([]);
      clockMs += 8;
      await inForce(seen, 'a.test');
      expect(seen.changes).toHaveLength(1);
    });

    it('is not held up by a clock that is set back', async () => {
      clockMs = 1_000_000;
      const seen = await start(now);
      await replace('enforce.yaml', allow('a.test'));
      await looked();
      clockMs = 0;
      await inForce(seen, 'a.test');
    });
  });

  it('says nothing any more once it is closed', async () => {
    const closed = await start();
    const other = await start();
    closed.watch.close();
    for (const host of ['a.test', 'b.test']) {
      await replace('enforce.yaml', allow(host));
      await inForce(other, host);
    }
    expect(closed.changes).toHaveLength(1);
    expect(closed.hosts()).toEqual([]);
  });
});
