// The bytes of a segment from its beginning, plain or compressed, a chunk at a time. Synchronous: for a
// start that has to know, and for threads. Knows nothing of lines.

import { closeSync, openSync, readSync } from 'node:fs';
import { inflateMember, MEMBER_HEADER_BYTES, memberLength } from '../../shared/gzip-member.ts';

/** A compressed segment that is not what was compressed: what came before the place is sound. */
export class DamagedSegment extends Error {}

const CHUNK_BYTES = 1024 * 1024;

/**
 * Chunks of the file's input, from byte `from` on (plain files only). The chunk is used again for the
 * next one. Throws where the file cannot be read; `DamagedSegment` where it is compressed and damaged.
 */
export function* readSegment(path: string, from = 0): Generator<Buffer> {
  const fd = openSync(path, 'r');
  try {
    yield* path.endsWith('.gz') ? readMembers(fd, path) : readPlain(fd, from);
  } finally {
    closeSync(fd);
  }
}

function* readPlain(fd: number, from: number): Generator<Buffer> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let at = from; ; ) {
    const count = readSync(fd, chunk, 0, chunk.length, at);
    if (count === 0) return;
    at += count;
    yield chunk.subarray(0, count);
  }
}

function* readMembers(fd: number, path: string): Generator<Buffer> {
  for (let at = 0; ; ) {
    const header = readAt(fd, at, MEMBER_HEADER_BYTES);
    if (header.length === 0) return;
    const length = memberLength(header);
    const input = length === null ? null : inflateMember(readAt(fd, at, length));
    if (length === null || input === null)
      throw new DamagedSegment(`${path} is damaged at byte ${at}`);
    at += length;
    yield input;
  }
}

/** Fewer bytes only where the file ends. */
export function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const count = readSync(fd, bytes, filled, length - filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}
