import { spawnSync } from 'node:child_process';
import { crc32, deflateRawSync, gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  encodeMember,
  MEMBER_HEADER_BYTES,
  MEMBER_TRAILER_BYTES,
  memberLength,
  readTrailer,
} from '../../../src/shared/gzip-member.ts';

const member = (text: string) =>
  encodeMember(deflateRawSync(text), crc32(text), Buffer.byteLength(text));

describe('encodeMember(), memberLength() and readTrailer()', () => {
  const members = ['one\n', '', 'three ä\n'.repeat(5000)].map(member);
  const file = Buffer.concat(members);

  it('make a file that zlib and zcat read', () => {
    const text = `one\n${'three ä\n'.repeat(5000)}`;
    expect(gunzipSync(file).toString()).toBe(text);
    const zcat = spawnSync('zcat', { input: file });
    expect(zcat.stdout.toString()).toBe(text);
    expect(zcat.status).toBe(0);
  });

  it('lead from member to member', () => {
    const lengths: number[] = [];
    for (let at = 0; at < file.length; ) {
      const length = memberLength(file.subarray(at, at + MEMBER_HEADER_BYTES)) ?? 0;
      expect(length).toBeGreaterThan(0);
      lengths.push(length);
      at += length;
    }
    expect(lengths).toEqual(members.map((each) => each.length));
    expect(readTrailer(file.subarray(-MEMBER_TRAILER_BYTES))).toEqual({
      crc32: crc32('three ä\n'.repeat(5000)),
      inputBytes: 45_000,
    });
  });

  it('know what is not theirs', () => {
    expect(memberLength(Buffer.alloc(10))).toBeNull();
    expect(memberLength(Buffer.alloc(40))).toBeNull();
    const tiny = Buffer.from(members[0] ?? '');
    tiny.writeUInt32LE(20, 16);
    expect(memberLength(tiny)).toBeNull();
  });
});
