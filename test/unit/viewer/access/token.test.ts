import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTokenReader, readToken, tokenPath } from '../../../../src/viewer/access/token.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

let dir: TempDir;
beforeEach(async () => {
  dir = await tempDir();
});
afterEach(() => dir.close());

const config = (viewerToken = '') => ({ viewerToken, stateDir: dir.path });

async function put(text: string): Promise<void> {
  await mkdir(join(dir.path, 'private'), { recursive: true });
  await writeFile(tokenPath(dir.path), text);
}

describe('readToken()', () => {
  it('readToken() prefers the environment to the file', async () => {
    await put('of-the-file\n');
    expect(await readToken(config('of-the-environment'))).toBe('of-the-environment');
    expect(await readToken(config())).toBe('of-the-file');
    expect(await readToken(config('off'))).toBeNull();
  });

  it('readToken() takes an empty file for no token', async () => {
    await put(' \n');
    expect(await readToken(config())).toBeNull();
  });

  it('readToken() throws where the file is missing', async () => {
    await expect(readToken(config())).rejects.toThrow('ENOENT');
  });
});

describe('createTokenReader()', () => {
  it('createTokenReader() has none until the file is there, and then keeps it', async () => {
    const token = createTokenReader(config());
    expect(await token()).toBeNull();
    await put('first\n');
    expect(await token()).toBe('first');
    await put('second\n');
    expect(await token()).toBe('first');
  });
});
