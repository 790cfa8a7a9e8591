// Where the members of a compressed segment stand, found by reading their headers one after the other;
// nothing is inflated unless something is wrong. Member k holds the bytes from k times `MEMBER_INPUT_BYTES` of the segment, so
// that this table is all that is needed to read at any place.

import type { FileHandle } from 'node:fs/promises';
import {
  inflateMember,
  MAX_MEMBER_BYTES,
  MEMBER_HEADER_BYTES,
  MEMBER_INPUT_BYTES,
  memberLength,
} from '../../shared/gzip-member.ts';
import { readAt } from './read-at.ts';

export type MemberIndex = {
  /** Place of each member in the file. */
  readonly starts: readonly number[];
  /** Its length; 0: there is none to read, the file is damaged here. */
  readonly lengths: readonly number[];
  /** Bytes of the segment when it was plain. */
  readonly size: number;
};

/** 16 GiB of records: a longer table would not be a segment's, and not fit the memory of a viewer. */
const MAX_MEMBERS = 65_536;
/** How far behind a damaged header the next one is looked for: as far as a few members reach. */
const RESYNC_BYTES = 16 * MAX_MEMBER_BYTES;
/** Gzip, deflate, extra field: the beginning of each header, rare enough to look closer at. */
const MAGIC = Buffer.from([0x1f, 0x8b, 8, 4]);
/** The length of the input, at the end of each member. */
const LENGTH_BYTES = 4;

/** The members of a file, or null where none of the first bytes are a member of leash's. */
export async function readMemberIndex(
  file: FileHandle,
  fileSize: number,
): Promise<MemberIndex | null> {
  const starts: number[] = [];
  const lengths: number[] = [];
  let found = 0;
  for (let at = 0; at < fileSize; ) {
    if (starts.length >= MAX_MEMBERS) return null;
    const length = memberLength(await readAt(file, at, MEMBER_HEADER_BYTES));
    if (length !== null && at + length <= fileSize) {
      starts.push(at);
      lengths.push(length);
      found += 1;
      at += length;
      continue;
    }
    // Where no header is at the place that the one before names, that one may be the damaged one.
    const hole = (await isWhole(file, starts.at(-1), lengths.at(-1))) ? at : (starts.pop() ?? at);
    if (hole < at) lengths.pop();
    const next = await findMember(file, hole + 1, Math.min(fileSize, hole + RESYNC_BYTES));
    const end = next ?? fileSize;
    // How many members a hole took is not known; as many as must have been there is the best guess.
    const lost = next === null ? 1 : Math.ceil((end - hole) / MAX_MEMBER_BYTES);
    for (let n = 0; n < lost; n += 1) {
      starts.push(hole);
      lengths.push(0);
    }
    at = end;
  }
  if (found === 0) return null;
  return { starts, lengths, size: await sizeOf(file, starts, lengths) };
}

async function isWhole(file: FileHandle, start = 0, length = 0): Promise<boolean> {
  return length === 0 || inflateMember(await readAt(file, start, length)) !== null;
}

async function sizeOf(file: FileHandle, starts: number[], lengths: number[]): Promise<number> {
  const last = starts.length - 1;
  const end = (starts[last] ?? 0) + (lengths[last] ?? 0);
  const tail = await readAt(file, end - LENGTH_BYTES, LENGTH_BYTES);
  const stated = tail.length === LENGTH_BYTES ? tail.readUInt32LE() : 0;
  const isKnown = lengths[last] !== 0 && stated > 0 && stated <= MEMBER_INPUT_BYTES;
  return last * MEMBER_INPUT_BYTES + (isKnown ? stated : MEMBER_INPUT_BYTES);
}

/** Place of the first whole header in a stretch of the file, or null. */
async function findMember(file: FileHandle, from: number, to: number): Promise<number | null> {
  for (let at = from; at < to; at += MEMBER_INPUT_BYTES) {
    // What begins in this block may end behind it.
    const block = await readAt(file, at, MEMBER_INPUT_BYTES + MEMBER_HEADER_BYTES);
    let place = block.indexOf(MAGIC);
    while (place >= 0 && place < MEMBER_INPUT_BYTES) {
      if (memberLength(block.subarray(place, place + MEMBER_HEADER_BYTES)) !== null) {
        return at + place;
      }
      place = block.indexOf(MAGIC, place + 1);
    }
  }
  return null;
}
