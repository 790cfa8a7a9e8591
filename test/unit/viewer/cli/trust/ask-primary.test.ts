// Root asks a leash that another user runs: the request becomes that user's, and nothing else does.

import { chown, lstat, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import {
  CA_REQUEST_FILE,
  CA_ROTATION_FILE,
  NO_ROTATION,
} from '../../../../../src/shared/trust/ca-rotation.ts';
import { askPrimary } from '../../../../../src/viewer/cli/trust/ask-primary.ts';
import { type TempDir, tempDir } from '../../../../support/temp-dir.ts';

const USER = 65_534;
const swap = vi.hoisted(() => ({ victim: '' }));

// That user, in time: what is to be given to it by name is a link.
vi.mock('node:fs/promises', async (load) => {
  const real = await load<typeof import('node:fs/promises')>();
  return {
    ...real,
    async chown(path: string, uid: number, gid: number) {
      if (path.endsWith('.tmp')) {
        await real.unlink(path);
        await real.symlink(swap.victim, path);
      }
      await real.chown(path, uid, gid);
    },
  };
});

let temp: TempDir;
beforeEach(async () => {
  temp = await tempDir();
});
afterEach(() => temp.close());

it.runIf(process.getuid?.() === 0)('a request is given away by its handle', async () => {
  const folder = join(temp.path, 'private');
  const path = join(folder, CA_REQUEST_FILE);
  swap.victim = join(temp.path, 'victim');
  await mkdir(folder);
  await chown(folder, USER, USER);
  await writeFile(swap.victim, '');
  const answer = askPrimary(temp.path, { action: 'rotate', afterMs: 0, actor: 'test' });
  await expect.poll(() => readFile(path, 'utf8').catch(() => '')).not.toBe('');
  const { id } = JSON.parse(await readFile(path, 'utf8'));
  expect(await lstat(path)).toMatchObject({ uid: USER, gid: USER });
  expect((await lstat(path)).mode & 0o777).toBe(0o600);
  expect((await lstat(swap.victim)).uid).toBe(0);
  await rm(path);
  await writeFile(
    join(temp.path, CA_ROTATION_FILE),
    JSON.stringify({ ...NO_ROTATION, request: id }),
  );
  expect(await answer).toMatchObject({ request: id, problem: '' });
});
