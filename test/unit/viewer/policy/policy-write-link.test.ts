import { lchown, lstat, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changeMode } from '../../../../src/viewer/policy/policy-write.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

describe('changeMode() where the file is a link', () => {
  let temp: TempDir;
  let policyDir: string;
  let target: string;
  beforeEach(async () => {
    temp = await tempDir();
    policyDir = join(temp.path, 'policy');
    target = join(temp.path, 'target');
    await mkdir(policyDir);
    await writeFile(target, 'enforce\n', { mode: 0o640 });
    await symlink(target, join(policyDir, 'mode'));
  });
  afterEach(() => temp.close());
  const change = () =>
    changeMode({ policyDir, stateDir: join(temp.path, 'state'), actor: 'test' }, 'audit');

  it('writes where it leads, with its owner and rights, and it stays a link', async () => {
    expect(await change()).toMatchObject({ ok: true, changed: true });
    expect(await readFile(target, 'utf8')).toBe('audit\n');
    expect((await stat(target)).mode & 0o777).toBe(0o640);
    expect((await lstat(join(policyDir, 'mode'))).isSymbolicLink()).toBe(true);
  });

  it.runIf(process.geteuid?.() === 0)(
    'refuses as root a link of somebody else, and touches nothing',
    async () => {
      await lchown(join(policyDir, 'mode'), 65_534, 65_534);
      expect(await change()).toMatchObject({ ok: false, unable: true });
      expect(await readFile(target, 'utf8')).toBe('enforce\n');
    },
  );
});
