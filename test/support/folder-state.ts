// What stands in a folder, so that a test can say that nothing of it changed.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Each file below `path`: mode, time of its last change and hash, by its name. */
export function folderState(path: string): Record<string, string> {
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    files.sort().map((file) => {
      const { mode, mtimeMs } = statSync(file);
      const hash = createHash('sha256').update(readFileSync(file)).digest('hex');
      return [file, `${mode.toString(8)} ${mtimeMs} ${hash}`];
    }),
  );
}
