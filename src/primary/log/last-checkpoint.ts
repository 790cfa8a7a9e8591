// Finds the newest checkpoint of this host in a segment: all before it was checked when it was signed,
// so a start needs to look only at what follows. Also the last one that the checkpoint file has.

import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { type Checkpoint, MAX_CHECKPOINT_BYTES, readCheckpoint } from '../../shared/checkpoint.ts';
import { readAt } from './segment-bytes.ts';

/** Within so many bytes from its start a line says what it is. */
const HEAD_BYTES = 192;
const CHECKPOINT = /^\{"seq":\d{1,15},"prev":"[0-9a-f]{64}","ts":[\d.]{1,20},"event":"checkpoint",/;
const STEP_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/** The last good checkpoint by `key` in a plain segment, or null. Reads from the end. */
export function lastCheckpoint(path: string, segment: number, key: string): Checkpoint | null {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    for (let end = size; end > 0; end -= STEP_BYTES) {
      // A line that is cut by either edge is whole in one of two neighbours.
      const start = Math.max(0, end - STEP_BYTES - MAX_CHECKPOINT_BYTES);
      const block = readAt(fd, start, Math.min(size, end + MAX_CHECKPOINT_BYTES) - start);
      const found = searchBack(block, start, (checkpoint, offset) => {
        const { key: signer, segment: number, size: place } = checkpoint;
        return signer === key && number === segment && place === offset;
      });
      if (found !== null) return found;
    }
    return null;
  } finally {
    closeSync(fd);
  }
}

/** The last line of the checkpoint file that `key` signed; null where there is none. */
export function lastPublished(path: string, key: string): Checkpoint | null {
  for (const line of readPublished(path).reverse()) {
    const checkpoint = readCheckpoint(Buffer.from(line));
    if (checkpoint?.key === key) return checkpoint;
  }
  return null;
}

/** The lines of the checkpoint file, oldest first; none where it is not there. */
export function readPublished(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(0, -1);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function searchBack(
  block: Buffer,
  blockStart: number,
  fits: (checkpoint: Checkpoint, offset: number) => boolean,
): Checkpoint | null {
  // What follows the last newline is half a line.
  for (let end = block.lastIndexOf(NEWLINE); end > 0; ) {
    const before = block.lastIndexOf(NEWLINE, end - 1);
    const line = block.subarray(before + 1, end);
    if (CHECKPOINT.test(line.toString('latin1', 0, HEAD_BYTES))) {
      const checkpoint = readCheckpoint(line);
      if (checkpoint !== null && fits(checkpoint, blockStart + before + 1)) return checkpoint;
    }
    end = before;
  }
  return null;
}
