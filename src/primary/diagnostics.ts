// The primary's diagnostic log: pino to stderr and, where the operator gave a folder, to rotated
// files. It is never mixed with the record: a line here is for the operator at 3 a.m., not evidence.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import pinoRoll from 'pino-roll';

export type Diagnostics = pino.Logger;

/** `folder` empty: stderr only. Synchronous, because asynchronous pino-roll does not rotate under load. */
export async function openDiagnostics(folder: string): Promise<Diagnostics> {
  const options = { name: 'leash' };
  const stderr = pino.destination({ dest: 2, sync: true });
  if (folder === '') return pino(options, stderr);
  mkdirSync(folder, { recursive: true, mode: 0o750 });
  const files = await pinoRoll({
    file: join(folder, 'leash.log'),
    size: '16m',
    sync: true,
    mkdir: true,
    // `removeOtherLogFiles`: without it, files of earlier starts stay for ever.
    limit: { count: 8, removeOtherLogFiles: true },
  });
  // A full disk under the diagnostics must not end the proxy.
  files.on('error', () => {});
  return pino(options, pino.multistream([{ stream: stderr }, { stream: files }]));
}
