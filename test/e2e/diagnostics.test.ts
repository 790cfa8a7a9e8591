// The diagnostic log: on stderr and in a folder of its own, and never a word of it in the record.

import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Leash, startLeash } from '../support/start-leash.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

let dir: TempDir;
let leash: Leash;

beforeAll(async () => {
  dir = await tempDir();
  await mkdir(join(dir.path, 'given'));
  leash = await startLeash({ env: { LEASH_DIAGNOSTICS: join(dir.path, 'given', 'leash') } });
});
afterAll(async () => {
  await leash.close();
  await dir.close();
});

async function lines(): Promise<Record<string, unknown>[]> {
  const folder = join(dir.path, 'given', 'leash');
  const texts = await Promise.all(
    (await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')),
  );
  return texts.flatMap((text) => text.split('\n').filter(Boolean)).map((line) => JSON.parse(line));
}

it('what a worker does is told on stderr and in the folder, not on the record', async () => {
  const [pid = 0] = leash.workerPids();
  process.kill(pid, 'SIGKILL');
  const told = (line: Record<string, unknown>) => line.msg === 'Worker ended' && line.worker === 1;
  await waitFor(async () => (await lines()).find(told), { what: 'a line in the folder' });
  await waitFor(() => leash.stderr().includes('Worker ended'), { what: 'a line on stderr' });
  const records = await leash.records();
  expect(records.filter((record) => 'msg' in record || 'level' in record)).toEqual([]);
  expect((await stat(join(dir.path, 'given', 'leash'))).mode & 0o007).toBe(0);
});
