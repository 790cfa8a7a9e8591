// The texts that the viewer hands out to everybody: kept once, and new where the CA is.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openCa } from '../../../src/primary/ca/ca.ts';
import { keepTrustTexts } from '../../../src/viewer/trust-read.ts';
import { type TempDir, tempDir } from '../../support/temp-dir.ts';

let temp: TempDir;
beforeEach(async () => {
  temp = await tempDir();
});
afterEach(() => temp.close());

it('a text is made once, however many ask for it at once or later', async () => {
  const stateDir = join(temp.path, 'state');
  const textOf = keepTrustTexts(stateDir);
  expect(await textOf('ca.pem', '127.0.0.1:80')).toBeNull();
  await openCa({ stateDir, now: Date.now });
  await mkdir(join(stateDir, 'trust'));
  await writeFile(join(stateDir, 'trust', 'ca-bundle.pem'), 'public\n');
  const all = await Promise.all(
    Array.from({ length: 200 }, (_, n) => textOf('ca-bundle.pem', `127.0.0.${n}:80`)),
  );
  expect(new Set(all).size).toBe(1);
  expect(Buffer.from(all[0] ?? []).toString()).toBe('public\n');
  for (let n = 0; n < 200; n += 1) {
    const pac = Buffer.from((await textOf('proxy.pac', `127.0.1.${n}:80`)) ?? []).toString();
    expect(pac).toContain(`127.0.1.${n}:80`);
  }
  expect(await textOf('ca-bundle.pem', '127.0.0.1:80')).toBe(all[0]);

  const pem = await readFile(join(stateDir, 'ca.pem'), 'utf8');
  await writeFile(join(stateDir, 'ca.pem'), `${pem}${pem}`);
  await writeFile(join(stateDir, 'trust', 'ca-bundle.pem'), 'another\n');
  const text = await textOf('ca-bundle.pem', '127.0.0.1:80');
  expect(Buffer.from(text ?? []).toString()).toBe('another\n');
});
