// A segment as leash compresses it: members behind each other; and what damage does to one of them.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { deflateMember, MEMBER_INPUT_BYTES, memberLength } from '../../src/shared/gzip-member.ts';

/** The bytes of a plain segment → those of its compressed file. */
export function compressed(plain: Buffer): Buffer {
  const members: Buffer[] = [];
  for (let at = 0; at < plain.length; at += MEMBER_INPUT_BYTES) {
    members.push(deflateMember(plain.subarray(at, at + MEMBER_INPUT_BYTES)));
  }
  return Buffer.concat(members);
}

/** `egress.1.jsonl` → `egress.1.jsonl.gz`; `keep`: as after a crash before the plain file was removed. */
export function compressSegment(path: string, keep: 'keep' | 'remove' = 'remove'): void {
  writeFileSync(`${path}.gz`, compressed(readFileSync(path)));
  if (keep === 'remove') rmSync(path);
}

/** Places of the members of a compressed file, in order. */
export function memberStarts(file: Buffer): number[] {
  const starts: number[] = [];
  for (let at = 0; at < file.length; at += memberLength(file.subarray(at, at + 20)) ?? file.length)
    starts.push(at);
  return starts;
}

/** Changes one byte of a member of a file: of its header, its length, or what it holds. */
export function damageMember(path: string, number: number, offset: number): void {
  const file = readFileSync(path);
  const place = (memberStarts(file)[number] ?? 0) + offset;
  file.writeUInt8((file[place] ?? 0) ^ 0x55, place);
  writeFileSync(path, file);
}
