// A copy of this checkout as a stranger has it after `git clone`: no build, no data. The packages
// are those of this checkout, by a link, so that nothing is downloaded.

import { mkdir, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run-client.ts';
import { ROOT } from './source-tree.ts';

const PARTS = [
  'setup.sh',
  'package.json',
  'package-lock.json',
  'biome.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'vite.config.ts',
  'vitest.config.ts',
  'config',
  'deploy',
  'src',
  'test/support/programs.sh',
];

/** Copies into `dir`, which is made. Further parts of the checkout by their paths. */
export async function copyCheckout(dir: string, ...further: readonly string[]): Promise<void> {
  await mkdir(dir, { recursive: true });
  // Node's own copy does not keep the times of folders, which say what a build is older than.
  const parts = [...PARTS, ...further];
  const { code, stderr } = await run('cp', ['-a', '--parents', ...parts, dir], { cwd: ROOT });
  if (code !== 0) throw new Error(`Cannot copy the checkout: ${stderr}`);
  // Older than any installation, so that setup.sh has no reason to make another one.
  await utimes(join(dir, 'package-lock.json'), 0, 0);
  await symlink(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
}
