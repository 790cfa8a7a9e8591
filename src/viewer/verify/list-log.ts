// What a folder holds of a log: numbers of segments, sizes, the file of kept checkpoints. Reads names
// and sizes, no contents but the checkpoints'.

import { open, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseSegmentName } from '../../shared/segments.ts';

/** Three months of a checkpoint a minute. */
const MAX_EXPORTED_BYTES = 64 * 1024 * 1024;

type Listing = {
  /** Chained ones, oldest first, each once. */
  readonly numbers: readonly number[];
  readonly bytes: number;
  /** The file of an older program, which has no chain. */
  readonly hasUnchained: boolean;
};

export async function listLog(dir: string, logName: string): Promise<Listing> {
  const files = new Map<number, string>();
  for (const name of await readdir(dir)) {
    const number = parseSegmentName(logName, name);
    // Where both are there, the plain one is read.
    if (number !== null && (!files.has(number) || !name.endsWith('.gz'))) files.set(number, name);
  }
  const hasUnchained = files.delete(0);
  let bytes = 0;
  for (const name of files.values()) bytes += await sizeOf(join(dir, name));
  return { numbers: [...files.keys()].sort((a, b) => a - b), bytes, hasUnchained };
}

export type ExportedFile = { readonly name: string; readonly bytes: Buffer };

/** A file of checkpoints whole, or null where there is none. Throws on one that is too long. */
export async function readExportedFile(path: string): Promise<ExportedFile | null> {
  try {
    // Somebody may have put a pipe there: opening one would wait for a writer, for ever.
    if (!(await stat(path)).isFile()) throw new Error('it is no file');
    const file = await open(path);
    try {
      const { size } = await file.stat();
      if (size > MAX_EXPORTED_BYTES) {
        throw new Error(
          `it has ${size} bytes, allowed: ${MAX_EXPORTED_BYTES}; take its last lines`,
        );
      }
      return { name: basename(path), bytes: await file.readFile() };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    // Compressed or deleted since its name was read.
    if (hasCode(error, 'ENOENT')) return 0;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
