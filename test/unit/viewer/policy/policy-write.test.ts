// Who changes the policy as root works in a folder that the viewer's user writes to.

import {
  chmod,
  chown,
  lchown,
  lstat,
  mkdir,
  readFile,
  realpath,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { changeMode } from '../../../../src/viewer/policy/policy-write.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

const VIEWER = 65_534;
const swap = vi.hoisted(() => ({ victim: '' }));

// What a viewer does in time: a file that was given to it by its name is another one at once.
vi.mock('node:fs/promises', async (load) => {
  const real = await load<typeof import('node:fs/promises')>();
  return {
    ...real,
    async chown(path: string, uid: number, gid: number) {
      await real.chown(path, uid, gid);
      if (swap.victim === '' || !path.endsWith('.tmp')) return;
      await real.unlink(path);
      await real.symlink(swap.victim, path);
    },
  };
});

let temp: TempDir;
let policyDir: string;
let victim: string;
beforeEach(async () => {
  temp = await tempDir();
  policyDir = join(temp.path, 'policy');
  victim = join(temp.path, 'victim');
  await mkdir(policyDir);
  await writeFile(victim, 'enforce\n', { mode: 0o600 });
});
afterEach(async () => {
  swap.victim = '';
  await temp.close();
});
const audit = () => changeMode({ policyDir, stateDir: temp.path, actor: 'test' }, 'audit');

describe.runIf(process.getuid?.() === 0)('root', () => {
  it('gives a file away without touching what takes its name', async () => {
    const path = join(policyDir, 'mode');
    await writeFile(path, 'enforce\n');
    await chmod(path, 0o666);
    await chown(path, VIEWER, VIEWER);
    swap.victim = victim;
    expect(await audit()).toMatchObject({ ok: true, changed: true });
    expect((await lstat(victim)).mode & 0o777).toBe(0o600);
    expect(await readFile(victim, 'utf8')).toBe('enforce\n');
    expect(await lstat(path)).toMatchObject({ uid: VIEWER, gid: VIEWER });
    expect((await lstat(path)).mode & 0o777).toBe(0o666);
  });

  it('is not led by a link of another user', async () => {
    const path = join(policyDir, 'mode');
    await symlink(victim, path);
    await lchown(path, VIEWER, VIEWER);
    expect(await audit()).toMatchObject({
      ok: false,
      unable: true,
      problem: `mode in ${policyDir} is a link of another user: put a file there`,
    });
    expect(await readFile(victim, 'utf8')).toBe('enforce\n');
  });
});

it('a link of its own stays one, and where it leads is written', async () => {
  const path = join(policyDir, 'mode');
  await symlink(victim, path);
  expect(await audit()).toMatchObject({ ok: true, changed: true });
  expect(await realpath(path)).toBe(await realpath(victim));
  expect(await readFile(victim, 'utf8')).toBe('audit\n');
});
