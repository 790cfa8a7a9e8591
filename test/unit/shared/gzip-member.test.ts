import { spawnSync } from 'node:child_process';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  deflateMember,
  inflateMember,
  MEMBER_HEADER_BYTES,
  MEMBER_INPUT_BYTES,
  memberLength,
} from '../../../src/shared/gzip-member.ts';

describe('deflateMember(), memberLength() and inflateMember()', () => {
  const texts = ['one\n', '', 'three ä\n'.repeat(5000)];
  const members = texts.map((text) => deflateMember(Buffer.from(text)));
  const file = Buffer.concat(members);

  it('make a file that zlib and zcat read', () => {
    expect(gunzipSync(file).toString()).toBe(texts.join(''));
    const zcat = spawnSync('zcat', { input: file });
    expect(zcat.stdout.toString()).toBe(texts.join(''));
    expect(zcat.status).toBe(0);
  });

  it('lead from member to member', () => {
    const found: string[] = [];
    for (let at = 0; at < file.length; ) {
      const length = memberLength(file.subarray(at, at + MEMBER_HEADER_BYTES)) ?? 0;
      expect(length).toBeGreaterThan(0);
      found.push(String(inflateMember(file.subarray(at, at + length))));
      at += length;
    }
    expect(found).toEqual(texts);
  });

  it('hold what cannot be compressed', () => {
    const noise = Buffer.alloc(MEMBER_INPUT_BYTES);
    for (let at = 0; at < noise.length; at += 4) noise.writeUInt32LE((at * 2654435761) >>> 0, at);
    expect(inflateMember(deflateMember(noise))?.equals(noise)).toBe(true);
  });

  it('know what is not theirs', () => {
    expect(memberLength(Buffer.alloc(10))).toBeNull();
    expect(memberLength(Buffer.alloc(40))).toBeNull();
    for (const length of [20, 0xffffffff]) {
      const other = Buffer.from(members[0] ?? '');
      other.writeUInt32LE(length, 16);
      expect(memberLength(other)).toBeNull();
    }
  });

  it('give nothing of a member that has one bit changed', () => {
    const member = members[0] ?? Buffer.alloc(0);
    for (let bit = 0; bit < member.length * 8; bit += 1) {
      const changed = Buffer.from(member);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const input = inflateMember(changed)?.toString() ?? null;
      // Deflate has bits that say nothing: then the input is what it was.
      expect([null, 'one\n'], `bit ${bit}`).toContain(input);
    }
    expect(inflateMember(member.subarray(0, -1))).toBeNull();
  });

  it('stop where more comes out than went in', () => {
    const bomb = deflateMember(Buffer.alloc(MEMBER_INPUT_BYTES + 1));
    expect(inflateMember(bomb)).toBeNull();
  });
});
