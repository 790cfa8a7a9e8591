// The newest signed checkpoint, from the copies beside the log. Whether the log still fits it, `leashctl
// verify` says; here it is only checked that the signature fits its own line.

import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { MAX_CHECKPOINT_BYTES, readCheckpoint } from '../../shared/checkpoint.ts';
import { checkpointFileName } from '../../shared/segments.ts';

export type LastCheckpoint = {
  seq: number;
  /** Seconds since 1970. */
  ts: number;
  segment: number;
  /** The public key in hex: its id. */
  key: string;
};

/** Null: there is none yet, or the last one cannot be read. */
export async function readLastCheckpoint(logPath: string): Promise<LastCheckpoint | null> {
  const path = join(dirname(logPath), checkpointFileName(basename(logPath)));
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return null;
  try {
    const { size } = await file.stat();
    // Two lines: the last one may be half written.
    const length = Math.min(size, 2 * MAX_CHECKPOINT_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const lines = buffer.toString('latin1', 0, bytesRead).split('\n').slice(0, -1);
    for (const line of lines.reverse()) {
      const found = readCheckpoint(Buffer.from(line, 'latin1'));
      if (found !== null) {
        return { seq: found.seq, ts: found.ts, segment: found.segment, key: found.key };
      }
    }
    return null;
  } finally {
    await file.close();
  }
}
