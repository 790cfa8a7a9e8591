// The bytes of a segment file from its first to its last, in pieces: plain as they are, compressed
// ones member by member. Blocks the thread that it runs in. It knows nothing of lines.

import { readSync } from 'node:fs';
import {
  inflateMember,
  MAX_MEMBER_BYTES,
  MEMBER_HEADER_BYTES,
  memberLength,
} from '../../shared/gzip-member.ts';

/** Large enough that a call costs nothing beside the hashing, small enough to stay in the cache. */
const CHUNK_BYTES = 1024 * 1024;

type ReadHandlers = {
  /** Valid during the call. */
  onBytes(bytes: Buffer): void;
  /** So many bytes of the file are done. */
  onProgress(fileBytes: number): void;
};

/** Reads on from `position` to the end that the file has now; gives that end. */
export function readPlain(fd: number, position: number, handlers: ReadHandlers): number {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let at = position;
  for (;;) {
    const count = readSync(fd, buffer, 0, buffer.length, at);
    if (count === 0) return at;
    at += count;
    handlers.onBytes(buffer.subarray(0, count));
    handlers.onProgress(count);
  }
}

/** Reads all members; gives why it could not go on, or null. A damaged member gives no bytes. */
export function readCompressed(fd: number, handlers: ReadHandlers): string | null {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES + MAX_MEMBER_BYTES);
  let held = 0;
  let at = 0;
  for (;;) {
    const count = readSync(fd, buffer, held, buffer.length - held, at);
    at += count;
    const filled = buffer.subarray(0, held + count);
    let start = 0;
    for (;;) {
      const rest = filled.subarray(start);
      if (rest.length === 0) break;
      const length = memberLength(rest);
      const isCut = length === null ? rest.length < MEMBER_HEADER_BYTES : length > rest.length;
      if (isCut && count > 0) break;
      const input = length === null || isCut ? null : inflateMember(rest.subarray(0, length));
      if (input === null) {
        const place = at - filled.length + start;
        return `byte ${place} of the compressed file: ${isCut ? 'it ends within a member' : 'a member is damaged'}`;
      }
      handlers.onBytes(input);
      start += length ?? 0;
    }
    handlers.onProgress(count);
    if (count === 0) return null;
    held = filled.length - start;
    buffer.copyWithin(0, start, filled.length);
  }
}
