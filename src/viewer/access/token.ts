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
  const text = (await readFile(tokenPath(config.stateDir), 'utf8')).trim();
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

/** Where a generated token is kept: `private/` is 0700. */
export function tokenPath(stateDir: string): string {
  return join(stateDir, 'private', 'viewer-token');
}
