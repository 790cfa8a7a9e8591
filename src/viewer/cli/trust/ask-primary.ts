// Asks the running leash to change its CA: a file in its private folder, which it takes away when it is
// done. The key is the primary's alone; who may write into that folder may ask.

import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CA_REQUEST_FILE,
  CA_ROTATION_FILE,
  type CaRequest,
  type CaRotation,
  NO_ROTATION,
  readCaRotation,
} from '../../../shared/trust/ca-rotation.ts';

/** It looks once a second. */
const WAIT_MS = 10_000;
const LOOK_MS = 100;

/** Null: it did not answer in time, and the request was taken back. */
export async function askPrimary(
  stateDir: string,
  asked: Omit<CaRequest, 'id'>,
): Promise<CaRotation | null> {
  const id = randomBytes(8).toString('hex');
  const folder = join(stateDir, 'private');
  const path = join(folder, CA_REQUEST_FILE);
  const temporary = `${path}.${id}.tmp`;
  try {
    const owner = await stat(folder);
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(JSON.stringify({ id, ...asked }));
      // Of root it could not be read by the user that leash runs as, who may give its name to another
      // file meanwhile: so by its handle.
      if (process.geteuid?.() === 0) await file.chown(owner.uid, owner.gid);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  for (const endMs = performance.now() + WAIT_MS; performance.now() < endMs; ) {
    const answer = await readRotation(stateDir);
    if (answer.request === id) return answer;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  await rm(path, { force: true });
  return null;
}

/** What the primary plans, and what it answered last. */
export function readRotation(stateDir: string): Promise<CaRotation> {
  return readFile(join(stateDir, CA_ROTATION_FILE), 'utf8').then(readCaRotation, () => NO_ROTATION);
}
