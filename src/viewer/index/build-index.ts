// Makes the index of a whole segment and writes its file: in a thread, or, where there is none, beside
// other work. The file is complete or not there: temp, then rename.

import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LogFolder } from '../store/log-folder.ts';
import { readForward } from '../store/segment-forward.ts';
import type { SegmentSource } from '../store/segment-source.ts';
import { IndexBuilder } from './index-builder.ts';
import { encodeIndex } from './index-format.ts';

export type BuildTask = {
  readonly logPath: string;
  readonly segment: number;
  /** Where the index is to lie. */
  readonly path: string;
};

/** Columns of so many take some 300 MB while they grow; only a segment of gigabytes has more. */
const MAX_ENTRIES = 2_000_000;

/**
 * `bytes`: the index itself, where it could not be written. Null: there is no such segment, or it has
 * more rows than are indexed: its lines are read.
 */
export type BuildResult = { readonly bytes: Uint8Array | null } | null;

export async function buildIndex({ logPath, segment, path }: BuildTask): Promise<BuildResult> {
  const source = await new LogFolder(logPath).open(segment);
  if (source === null) return null;
  try {
    const builder = new IndexBuilder(segment);
    const from = { from: 0, isLineStart: true };
    for await (const batch of readForward(source, segment, from)) {
      builder.add(batch.lines, batch.next, batch.isDamaged);
      if (builder.entries > MAX_ENTRIES) return null;
      await nextTurn();
    }
    const identity = await identityOf(source);
    const bytes = await encodeIndex(builder, { identity, size: source.size });
    const isWritten = await write(path, bytes);
    return { bytes: isWritten ? null : bytes };
  } finally {
    await source.close();
  }
}

/** So much of a segment tells it from all others: its first record has a number, a hash and a time. */
const IDENTITY_BYTES = 4096;

/** What the index of a segment must name to be believed. */
export async function identityOf(source: SegmentSource): Promise<string> {
  const bytes = await source.read(0, Math.min(IDENTITY_BYTES, source.size));
  return createHash('sha256')
    .update(bytes ?? '')
    .digest('hex');
}

async function write(path: string, bytes: Buffer): Promise<boolean> {
  const temp = `${path}.new`;
  try {
    await mkdir(dirname(path), { mode: 0o700 }).catch(unlessExists);
    const file = await open(temp, 'w', 0o600);
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    await rename(temp, path);
    return true;
  } catch {
    // A folder of another user, a disk that is full: it is kept in memory then.
    await rm(temp, { force: true }).catch(() => {});
    return false;
  }
}

function unlessExists(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
