// The diagnostic log: on stderr and in a folder of its own, and never a word of it in the record.

import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../support/run-client.ts';
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

it('the files are rotated at 16 MB', async () => {
  const module = new URL('../../dist/primary/diagnostics.js', import.meta.url).href;
  const folder = join(dir.path, 'rotated');
  const script = `
    const { openDiagnostics } = await import(${JSON.stringify(module)});
    const log = await openDiagnostics(${JSON.stringify(folder)});
    for (let n = 0; n < 40; n += 1) {
      log.info('x'.repeat(1024 * 1024));
      await new Promise(setImmediate);
    }`;
  const command = 'exec "$0" --input-type=module -e "$1" 2>/dev/null';
  const { code } = await run('sh', ['-c', command, process.execPath, script]);
  expect(code).toBe(0);
  const files = (await readdir(folder)).filter((name) => /^leash\.\d+\.log$/.test(name));
  const sizes = await Promise.all(files.map(async (name) => (await stat(join(folder, name))).size));
  expect(sizes).toHaveLength(3);
  expect(Math.max(...sizes)).toBeLessThan(18 * 1024 * 1024);
});

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
