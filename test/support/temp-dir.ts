// A folder of its own for one test, under the system's temporary folder.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type TempDir = { readonly path: string; close(): Promise<void> };

/** Makes an empty folder; `close()` removes it with all that is in it, also what is just being written. */
export async function tempDir(): Promise<TempDir> {
  const path = await mkdtemp(join(tmpdir(), 'leash-test-'));
  return { path, close: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}
