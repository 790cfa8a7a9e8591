import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readUpstreamRoots } from '../../src/primary/ca/upstream-roots.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { makeTestCa } from '../support/test-ca.ts';

let dir: TempDir;
let pem: string;

beforeAll(async () => {
  dir = await tempDir();
  pem = await readFile((await makeTestCa(dir.path)).caFile, 'utf8');
});
afterAll(() => dir.close());

async function read(text: string): Promise<string> {
  const file = join(dir.path, 'extra.pem');
  await writeFile(file, text);
  return readUpstreamRoots(file);
}

describe('readUpstreamRoots()', () => {
  it('adds the certificates of the file to the roots of the system', async () => {
    const system = await readUpstreamRoots('');
    expect(system).toContain('-----BEGIN CERTIFICATE-----');
    expect(
      await read(`-----BEGIN is a word here\n-----BEGIN EC PRIVATE KEY-----\nx\n${pem}`),
    ).toContain(pem);
    expect(await read(`a word before\n${pem}${pem}`)).toContain(pem);
    expect(await read(pem)).toContain(system);
  });

  it.each([
    ['a file without one', () => 'none here', /holds no PEM certificate/],
    ['one that is cut off', () => pem.slice(0, 300), /certificate 1 of ".*extra\.pem" is damaged/],
    ['a damaged one behind a good one', () => pem + pem.replace(/^M/m, 'x'), /certificate 2/],
  ])('refuses %s, which OpenSSL would skip in silence', async (_name, text, problem) => {
    await expect(read(text())).rejects.toThrow(problem);
  });

  it('names the setting of a file that is not there', async () => {
    await expect(readUpstreamRoots('/none/such')).rejects.toThrow(/LEASH_UPSTREAM_CA: ENOENT/);
  });
});
