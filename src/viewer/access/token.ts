// The viewer's token: from the environment, or from the file the primary made at its first start.
// Only reads. Knows nothing of requests.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../shared/config.ts';

type TokenConfig = Pick<Config, 'viewerToken' | 'stateDir'>;

/** The token in force; null when there is none (`off`). Throws where its file cannot be read. */
export async function readToken(config: TokenConfig): Promise<string | null> {
  if (config.viewerToken === 'off') return null;
  if (config.viewerToken !== '') return config.viewerToken;
  const text = (await readFor(config.stateDir)).trim();
  return text === '' ? null : text;
}

/** Reads the token once; as long as that fails there is none, and every try reads again. */
export function createTokenReader(config: TokenConfig): () => Promise<string | null> {
  let token: string | null = null;
  return async () => {
    token ??= await readToken(config).catch(() => null);
    return token;
  };
}

/** A viewer that is another user than the primary has a copy of its own. */
function readFor(stateDir: string): Promise<string> {
  return readFile(tokenPath(stateDir), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EACCES') throw error;
    return readFile(join(stateDir, 'viewer', 'token'), 'utf8');
  });
}

/** Where a generated token is kept: `private/` is 0700. */
export function tokenPath(stateDir: string): string {
  return join(stateDir, 'private', 'viewer-token');
}
