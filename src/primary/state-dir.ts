// Small files of the state folder that are made once: who this host is, the viewer's token. The CA
// has a home of its own (ca.ts); the status file too.

import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** This host's name in the record: 128 random bits, made at first start, never changed. */
export async function readHostId(stateDir: string): Promise<string> {
  const text = await readOrMake(join(stateDir, 'host-id'), 0o644, () =>
    randomBytes(16).toString('hex'),
  );
  if (!/^[0-9a-f]{32}$/.test(text)) {
    throw new Error(`Cannot read "${join(stateDir, 'host-id')}": it must hold 32 hex digits`);
  }
  return text;
}

/** Makes the viewer's token file where there is none, so that the viewer and leashctl can read it. */
export async function ensureViewerToken(stateDir: string): Promise<void> {
  await mkdir(join(stateDir, 'private'), { recursive: true, mode: 0o700 });
  await readOrMake(join(stateDir, 'private', 'viewer-token'), 0o600, () =>
    randomBytes(32).toString('hex'),
  );
}

/** The key of fingerprints (base64): made once, so that a credential is found again after years. */
export async function readSecretsKey(stateDir: string): Promise<string> {
  await mkdir(join(stateDir, 'private'), { recursive: true, mode: 0o700 });
  return readOrMake(join(stateDir, 'private', 'secrets-key'), 0o600, () =>
    randomBytes(32).toString('base64'),
  );
}

/** Text of a small file, made with this mode where there is none. */
export async function readOrMake(path: string, mode: number, make: () => string): Promise<string> {
  try {
    const text = (await readFile(path, 'utf8')).trim();
    if (text !== '') return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const text = make();
  const file = await open(path, 'w', mode);
  try {
    await file.chmod(mode);
    await file.writeFile(`${text}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  return text;
}
