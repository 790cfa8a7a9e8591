// The bytes of one segment at any place, whether it is plain or compressed. Places are those of the
// plain file, so a cursor means the same before and after a segment was compressed.
// Knows nothing of lines, and of names only what tells one file from another.

import type { FileHandle } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { inflateMember, MEMBER_INPUT_BYTES } from '../../shared/gzip-member.ts';
import { BoundedCache } from './bounded-cache.ts';
import { type MemberIndex, readMemberIndex } from './member-index.ts';
import { readAt } from './read-at.ts';

export type SegmentSource = {
  /** Bytes of the plain segment when it was opened; it may have grown since. */
  readonly size: number;
  /**
   * Up to `length` bytes: fewer where the segment ends or cannot be read further on. Null where it
   * cannot be read at `position` itself.
   */
  read(position: number, length: number): Promise<Buffer | null>;
  close(): Promise<void>;
};

/** What opening compressed segments found out; the files are looked at again where they changed. */
export class MemberCache {
  /** Weighed in members: 64 segments of the usual 128 MiB, some 2 MiB of numbers. */
  readonly indexes = new BoundedCache<Promise<MemberIndex | null>>(32 * 1024);
  /** Inflated: the members in which pages of a few readers begin. */
  readonly members = new BoundedCache<Buffer>(32 * MEMBER_INPUT_BYTES);
}

export async function openPlain(file: FileHandle): Promise<SegmentSource> {
  const { size } = await file.stat();
  return {
    size,
    async read(position, length) {
      const wanted = Math.max(0, Math.min(length, size - position));
      const bytes = await readAt(file, position, wanted);
      return bytes.length === 0 && wanted > 0 ? null : bytes;
    },
    close: () => file.close(),
  };
}

/** A file of members, or null where another program compressed it: such a file has no places. */
export async function openCompressed(
  path: string,
  file: FileHandle,
  cache: MemberCache,
): Promise<SegmentSource | null> {
  const stat = await file.stat({ bigint: true });
  const key = `${path} ${stat.ino} ${stat.size} ${stat.mtimeNs}`;
  let pending = cache.indexes.get(key);
  if (pending === undefined) {
    pending = readMemberIndex(file, Number(stat.size));
    // Until its weight is known it counts as nothing; a moment later it has its own.
    cache.indexes.set(key, pending, 0);
  }
  const index = await pending;
  cache.indexes.set(key, pending, index?.starts.length ?? 1);
  if (index === null) return null;
  const member = (number: number) => readMember(file, key, index, number, cache);
  return {
    size: index.size,
    read: (position, length) => readMembers(index.size, position, length, member),
    close: () => file.close(),
  };
}

async function readMembers(
  size: number,
  position: number,
  length: number,
  member: (number: number) => Promise<Buffer | null>,
): Promise<Buffer | null> {
  const end = Math.min(size, position + length);
  const pieces: Buffer[] = [];
  for (let at = position; at < end; ) {
    const number = Math.floor(at / MEMBER_INPUT_BYTES);
    const base = number * MEMBER_INPUT_BYTES;
    const piece = (await member(number))?.subarray(at - base, end - base);
    if (piece === undefined) break;
    pieces.push(piece);
    at += piece.length;
  }
  const [first, ...others] = pieces;
  if (first === undefined) return position < end ? null : Buffer.alloc(0);
  return others.length === 0 ? first : Buffer.concat(pieces);
}

/** The input of one member; null where it is damaged, or not as long as its place demands. */
async function readMember(
  file: FileHandle,
  key: string,
  index: MemberIndex,
  number: number,
  cache: MemberCache,
): Promise<Buffer | null> {
  const memberKey = `${key} ${number}`;
  const cached = cache.members.get(memberKey);
  if (cached !== undefined) {
    // No read gave others a turn, and whoever reads a log backwards parses for milliseconds.
    await nextTurn();
    return cached;
  }
  const member = await readAt(file, index.starts[number] ?? 0, index.lengths[number] ?? 0);
  const input = member.length === 0 ? null : inflateMember(member);
  const expected = Math.min(MEMBER_INPUT_BYTES, index.size - number * MEMBER_INPUT_BYTES);
  if (input?.length !== expected) return null;
  cache.members.set(memberKey, input, input.length);
  return input;
}
