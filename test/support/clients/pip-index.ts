// What an index for pip serves: two wheels, of which one needs the other. A wheel is a zip file with
// a few lines of text in it (PEP 427), so no tool of Python's packaging is asked.

import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { hashOfFile } from './hash.ts';
import { SYSTEM_PYTHON } from './need-programs.ts';
import { seededBytes } from './seeded-bytes.ts';
import type { Stage } from './start-stage.ts';

export type Wheel = { readonly name: string; readonly file: string };

const VERSION = '1.0.0';
const DATA_BYTES = 300_000;

/** Makes them, and the pages of the simple index (PEP 503), below `index` in the stage's folder. */
export async function makeWheels(stage: Stage): Promise<Wheel[]> {
  const needed = await makeWheel(stage, 'leash_needed', '');
  const wanted = await makeWheel(stage, 'leash_wanted', 'Requires-Dist: leash-needed (>=1.0)\n');
  return [wanted, needed];
}

async function makeWheel(stage: Stage, name: string, requires: string): Promise<Wheel> {
  const source = join(stage.dir, 'sources', name);
  const info = join(source, `${name}-${VERSION}.dist-info`);
  await mkdir(join(source, name), { recursive: true });
  await mkdir(info);
  await writeFile(join(source, name, '__init__.py'), `NAME = "${name}"\n`);
  await writeFile(join(source, name, 'data.bin'), seededBytes(name.length, DATA_BYTES));
  const dashed = name.replaceAll('_', '-');
  const metadata = `Metadata-Version: 2.1\nName: ${dashed}\nVersion: ${VERSION}\n${requires}`;
  await writeFile(join(info, 'METADATA'), metadata);
  const wheel = 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n';
  await writeFile(join(info, 'WHEEL'), wheel);
  const listed = [`${name}/__init__.py`, `${name}/data.bin`, 'METADATA', 'WHEEL', 'RECORD'];
  const lines = listed.map((file) =>
    file.includes('/') ? `${file},,` : `${basename(info)}/${file},,`,
  );
  await writeFile(join(info, 'RECORD'), `${lines.join('\n')}\n`);

  const folder = join(stage.dir, 'index', 'simple', dashed);
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${name}-${VERSION}-py3-none-any.whl`);
  const zip = ['-m', 'zipfile', '-c', file, name, basename(info)];
  await stage.client(SYSTEM_PYTHON, zip, { cwd: source });
  const link = `<a href="${basename(file)}#sha256=${await hashOfFile(file)}">${basename(file)}</a>`;
  await writeFile(join(folder, 'index.html'), `<!DOCTYPE html><html><body>${link}</body></html>`);
  return { name, file };
}
