// A log that leash begins with: links and a copy, and the given folder as it was.

import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { linkLog, makeLog } from '../../../bench/programs/begun-log.ts';
import { checkLeashLog } from '../../../bench/programs/leash-log.ts';
import { type TempDir, tempDir } from '../../support/temp-dir.ts';

let temp: TempDir;
beforeEach(async () => {
  temp = await tempDir();
});
afterEach(() => temp.close());

const line = (seq: number, more: object) => `${JSON.stringify({ seq, ...more })}\n`;
const ANSWER = { event: 'allowed', status: 200, bytes: 2, res_body: 'ok' };
const ONE = { requests: 1, requestBytes: 0, answerBytes: 2 };

async function givenLog(): Promise<string> {
  const from = join(temp.path, 'given');
  await mkdir(from);
  await writeFile(join(from, 'egress.9.jsonl'), line(1, { event: 'intent' }));
  await writeFile(join(from, 'egress.10.jsonl'), line(2, ANSWER) + line(3, { event: 'intent' }));
  await symlink('egress.10.jsonl', join(from, 'egress.jsonl'));
  await writeFile(join(from, 'egress.checkpoints'), '');
  return from;
}

it('links finished segments, copies the newest by number, and takes nothing else', async () => {
  const from = await givenLog();
  const to = join(temp.path, 'own');
  expect(await linkLog(from, to)).toEqual({ segment: 10, seq: 3 });
  expect((await readdir(to)).sort()).toEqual(['egress.10.jsonl', 'egress.9.jsonl']);
  const inode = async (dir: string, name: string) => (await stat(join(dir, name))).ino;
  expect(await inode(to, 'egress.9.jsonl')).toBe(await inode(from, 'egress.9.jsonl'));
  expect(await inode(to, 'egress.10.jsonl')).not.toBe(await inode(from, 'egress.10.jsonl'));
  await writeFile(join(to, 'egress.10.jsonl'), 'more', { flag: 'a' });
  const given = await readFile(join(from, 'egress.10.jsonl'), 'utf8');
  expect(given).toBe(line(2, ANSWER) + line(3, { event: 'intent' }));
});

it('copies what cannot be linked', async () => {
  const from = await givenLog();
  const to = join(temp.path, 'own');
  await mkdir(to);
  // No link is made where a file stands, as none is made across file systems.
  await writeFile(join(to, 'egress.9.jsonl'), '');
  await linkLog(from, to);
  expect(await readFile(join(to, 'egress.9.jsonl'), 'utf8')).toBe(line(1, { event: 'intent' }));
  const { ino } = await stat(join(from, 'egress.9.jsonl'));
  expect((await stat(join(to, 'egress.9.jsonl'))).ino).not.toBe(ino);
});

it('refuses a folder without a log, and one that is not there', async () => {
  await expect(linkLog(temp.path, join(temp.path, 'own'))).rejects.toThrow('there is no log in');
  await expect(linkLog(join(temp.path, 'x'), temp.path)).rejects.toThrow('there is no log in');
});

it('what was there before is not counted as answered', async () => {
  const from = await givenLog();
  const to = join(temp.path, 'own');
  const begun = await linkLog(from, to);
  const own = line(4, { event: 'intent' }) + line(5, ANSWER);
  await writeFile(join(to, 'egress.10.jsonl'), own, { flag: 'a' });
  const logPath = join(to, 'egress.jsonl');
  await expect(checkLeashLog(logPath, ONE, begun)).resolves.toBeUndefined();
  await expect(checkLeashLog(logPath, ONE)).rejects.toThrow('3 intents');
});

it('makes a log and says where it ends', async () => {
  const begun = await makeLog(temp.path, 500);
  const text = await readFile(join(temp.path, 'egress.1.jsonl'), 'utf8');
  const last = text.trimEnd().split('\n').at(-1) ?? '';
  expect(begun).toEqual({ segment: 1, seq: JSON.parse(last).seq });
  expect(begun.seq).toBeGreaterThanOrEqual(500);
});
