// An archive for apt in a folder: packages made by dpkg-deb, the index by hand, all below the
// stage's folder. apt's own configuration, state and cache are there as well; the system's are not
// touched.

import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashOf, hashOfFile } from './hash.ts';
import { seededBytes } from './seeded-bytes.ts';
import type { Stage } from './start-stage.ts';

export type Deb = { readonly name: string; readonly file: string };

const DATA_BYTES = 300_000;

/** Makes `archive` in the stage's folder, with so many packages. */
export async function makeArchive(stage: Stage, count: number): Promise<Deb[]> {
  const archive = join(stage.dir, 'archive');
  await mkdir(archive);
  const debs: Deb[] = [];
  let index = '';
  for (let n = 1; n <= count; n += 1) {
    const name = `leash-test-${n}`;
    const source = join(stage.dir, 'sources', name);
    await mkdir(join(source, 'DEBIAN'), { recursive: true });
    const control = `Package: ${name}\nVersion: 1.0\nArchitecture: all\nMaintainer: Test <test@origin.test>\nDescription: package ${n} of a test\n`;
    await writeFile(join(source, 'DEBIAN', 'control'), control);
    await writeFile(join(source, 'data.bin'), seededBytes(n, DATA_BYTES));
    const file = join(archive, `${name}_1.0_all.deb`);
    await stage.client('dpkg-deb', ['--build', '--root-owner-group', '-Zgzip', source, file]);
    const { size } = await stat(file);
    const hash = await hashOfFile(file);
    index += `${control}Filename: ./${name}_1.0_all.deb\nSize: ${size}\nSHA256: ${hash}\n\n`;
    debs.push({ name, file });
  }
  await writeFile(join(archive, 'Packages'), index);
  const sums = ` ${hashOf(index)} ${index.length} Packages\n`;
  await writeFile(join(archive, 'Release'), `Suite: test\nSHA256:\n${sums}`);
  return debs;
}

/** APT_CONFIG with everything of apt's below `dir`, which is made; `lines` are the user's. */
export async function makeAptConfig(
  dir: string,
  source: string,
  lines: readonly string[],
): Promise<string> {
  for (const folder of ['etc/apt', 'state/lists/partial', 'cache/archives/partial']) {
    await mkdir(join(dir, folder), { recursive: true });
  }
  await writeFile(join(dir, 'status'), '');
  await writeFile(join(dir, 'etc/apt/sources.list'), `deb [trusted=yes] ${source} ./\n`);
  const own = [
    `Dir::Etc "${join(dir, 'etc/apt')}";`,
    `Dir::State "${join(dir, 'state')}";`,
    `Dir::State::status "${join(dir, 'status')}";`,
    `Dir::Cache "${join(dir, 'cache')}";`,
    `Dir::Log "${dir}";`,
    // As root apt would download as a user that cannot read the folder of the test.
    'APT::Sandbox::User "root";',
    'Acquire::Languages "none";',
  ];
  const file = join(dir, 'apt.conf');
  await writeFile(file, `${[...own, ...lines].join('\n')}\n`);
  return file;
}
