// The floor of node:http does the work that it is measured for: what goes through it arrives, and is in its lines.

import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openKeepAlive } from '../../bench/http/keep-alive.ts';
import { PAGES } from '../../bench/http/pages.ts';
import { type Origin, startOrigin } from '../../bench/origin.ts';
import { plainNode } from '../../bench/programs/plain-node.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';

let folder: TempDir;
let origin: Origin;

beforeAll(async () => {
  folder = await tempDir();
  await mkdir(join(folder.path, 'origin'));
  origin = await startOrigin(join(folder.path, 'origin'));
});
afterAll(async () => {
  await origin?.stop();
  await folder?.close();
});

it.each(['own', 'accepted'] as const)(
  'forwards and writes down each request, and its check sees one that is missing (%s)',
  async (record) => {
    const dir = join(folder.path, record);
    await mkdir(dir);
    const program = await plainNode('node', 2, record).start({ origin, dir, buffering: true });
    if (program === null) throw new Error('it did not start');
    const { load, close } = await openKeepAlive(
      { options: { connections: 4 }, origin, program, dir },
      PAGES.post,
    );
    try {
      // Throws where an answer is missing or another one.
      await load(100);
    } finally {
      await close();
      await program.stop();
    }
    const { requestBody, answer } = PAGES.post;
    const bytes = { requestBytes: 100 * requestBody.length, answerBytes: 100 * answer.length };
    await program.check({ requests: 100, ...bytes });
    // The primary has one of each head, which the request waited for, beside that of its answer.
    if (record === 'accepted') expect((await linesIn(dir)).length).toBe(200);
    await expect(program.check({ requests: 101, ...bytes })).rejects.toThrow('"requests":101');
  },
);

async function linesIn(dir: string): Promise<string[]> {
  const text = await readFile(join(dir, 'lines', 'primary.jsonl'), 'utf8');
  return text.trimEnd().split('\n');
}
