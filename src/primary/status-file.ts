// Publishes `run/status.json`, and what else is like it: temp file, then rename, so that a reader sees a whole state or the one
// before. Writes are coalesced; the last state always gets there.

import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

export type StatusFile = {
  /** Something changed: the file follows shortly. */
  touch(): void;
  /** Resolves when the state of now is in the file. */
  flush(): Promise<void>;
};

export async function openStatusFile(
  path: string,
  current: () => object,
  onError: (error: unknown) => void,
): Promise<StatusFile> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  let dirty = false;
  let writing: Promise<void> | null = null;

  async function writeAll(): Promise<void> {
    while (dirty) {
      dirty = false;
      try {
        await writeFile(`${path}.new`, `${JSON.stringify(current(), null, 2)}\n`, { mode: 0o644 });
        await rename(`${path}.new`, path);
      } catch (error) {
        onError(error);
      }
    }
    writing = null;
  }

  function touch(): void {
    dirty = true;
    writing ??= Promise.resolve().then(writeAll);
  }

  return {
    touch,
    async flush() {
      touch();
      while (writing !== null) await writing;
    },
  };
}
