// Finds the newest checkpoint of this host in a segment: all before it was checked when it was signed,
// so a start needs to look only at what follows. Also the last one that the checkpoint file has.

import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { type Checkpoint, MAX_CHECKPOINT_BYTES, readCheckpoint } from '../../shared/checkpoint.ts';
import { readAt } from '../archive/segment-bytes.ts';

/** In a record's text the quotes are escaped, so that only a record's own start looks like this. */
const MARK = '"event":"checkpoint"';
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
  try {
    return searchBack(readFileSync(path), 0, (checkpoint) => checkpoint.key === key);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

function searchBack(
  block: Buffer,
  blockStart: number,
  fits: (checkpoint: Checkpoint, offset: number) => boolean,
): Checkpoint | null {
  for (let mark = block.lastIndexOf(MARK); mark >= 0; mark = before(block, mark)) {
    const start = block.lastIndexOf(NEWLINE, mark) + 1;
    const end = block.indexOf(NEWLINE, mark);
    const checkpoint = end < 0 ? null : readCheckpoint(block.subarray(start, end));
    if (checkpoint !== null && fits(checkpoint, blockStart + start)) return checkpoint;
  }
  return null;
}

function before(block: Buffer, mark: number): number {
  return mark === 0 ? -1 : block.lastIndexOf(MARK, mark - 1);
}
