// The floor of node:http does the work that it is measured for: what goes through it arrives, and is in its lines.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { get, openTls, wayThrough } from '../../bench/http/client.ts';
import { openKeepAlive } from '../../bench/http/keep-alive.ts';
import { PAGES, type Page } from '../../bench/http/pages.ts';
import { ORIGIN_HOST, type Origin, startOrigin } from '../../bench/origin.ts';
import { type PlainRecord, plainNode } from '../../bench/programs/plain-node.ts';
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

const WAYS = [
  ['own', 'post', 4],
  ['accepted', 'post', 4],
  // Lines that are longer than what a pipe gives at a time.
  ['accepted', 'large', 32],
] as const;

it.each(WAYS)(
  'forwards and writes down each request, and its check sees one that is missing (%s, %s)',
  async (record, name, connections) => {
    const page = PAGES[name];
    const { program, load } = await start(`${record}-${name}`, record, connections, page);
    // Throws where an answer is missing or another one.
    await load(200).finally(() => program.stop());
    const bytes = {
      requestBytes: 200 * page.requestBody.length,
      answerBytes: 200 * page.answer.length,
    };
    await program.check({ requests: 200, ...bytes });
    await expect(program.check({ requests: 201, ...bytes })).rejects.toThrow('"requests":201');
  },
);

it('sees that a first line is missing', async () => {
  const { program, load, dir } = await start('first', 'accepted', 4, PAGES.post);
  await load(20).finally(() => program.stop());
  const file = join(dir, 'lines', 'primary.jsonl');
  const lines = (await readFile(file, 'utf8')).split('\n');
  lines.splice(
    lines.findIndex((line) => line.startsWith('{"ask":{"url"')),
    1,
  );
  await writeFile(file, lines.join('\n'));
  const { requestBody, answer } = PAGES.post;
  const bytes = { requestBytes: 20 * requestBody.length, answerBytes: 20 * answer.length };
  await expect(program.check({ requests: 20, ...bytes })).rejects.toThrow('19 first lines of 20');
});

const HOST = `${ORIGIN_HOST}:443`;

it.each(['own', 'accepted'] as const)(
  'a tunnel and a request wait for the primary where it keeps the record, else not (%s)',
  async (record) => {
    const { program } = await start(`stopped-${record}`, record, 1, PAGES.small);
    const way = wayThrough(program, origin);
    const tunnels: Duplex[] = [];
    const open = async () => {
      const tls = await openTls(way);
      tunnels.push(tls);
      return tls;
    };
    try {
      const tls = await open();
      process.kill(program.pid, 'SIGSTOP');
      const answered = get(tls, '/', HOST, () => {}).then(() => 'goes on');
      const opened = open().then(() => 'goes on');
      const both = [waitsOr(answered), waitsOr(opened)];
      const expected = record === 'own' ? 'goes on' : 'waits';
      expect(await Promise.all(both)).toEqual([expected, expected]);
      process.kill(program.pid, 'SIGCONT');
      expect(await Promise.all([answered, opened])).toEqual(['goes on', 'goes on']);
    } finally {
      process.kill(program.pid, 'SIGCONT');
      for (const tunnel of tunnels) tunnel.destroy();
      await program.stop();
    }
  },
);

/** What happens first: it, or a second in which nothing does. */
function waitsOr(event: Promise<string>): Promise<string> {
  return Promise.race([
    event,
    new Promise<string>((resolve) => setTimeout(resolve, 1000, 'waits')),
  ]);
}

async function start(name: string, record: PlainRecord, connections: number, page: Page) {
  const dir = join(folder.path, name);
  await mkdir(dir);
  const program = await plainNode('node', 2, record).start({ origin, dir, buffering: true });
  if (program === null) throw new Error('it did not start');
  const opened = openKeepAlive({ options: { connections }, origin, program, dir }, page);
  const { load, close } = await opened.catch(async (error) => {
    await program.stop();
    throw error;
  });
  const stop = () => close().finally(() => program.stop());
  return { program: { ...program, stop }, load, dir };
}
