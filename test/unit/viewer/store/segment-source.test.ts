import { randomBytes } from 'node:crypto';
import { type FileHandle, open, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MEMBER_INPUT_BYTES } from '../../../../src/shared/gzip-member.ts';
import {
  MemberCache,
  openCompressed,
  openPlain,
  type SegmentSource,
} from '../../../../src/viewer/store/segment-source.ts';
import { compressed, damageMember } from '../../../support/compress-segment.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

const M = MEMBER_INPUT_BYTES;
/** Three whole members and a last one of 1000 bytes: text, noise, text. */
const PLAIN = Buffer.concat([
  Buffer.from('some words of a record, '.repeat(M / 16)).subarray(0, M),
  randomBytes(M),
  Buffer.from('{"seq":1} '.repeat(M / 8)).subarray(0, M),
  Buffer.from('the end '.repeat(125)),
]);

let dir: TempDir;
let path: string;
let cache: MemberCache;
let files: FileHandle[];
beforeEach(async () => {
  dir = await tempDir();
  path = join(dir.path, 'egress.1.jsonl');
  cache = new MemberCache();
  files = [];
});
afterEach(async () => {
  for (const file of files) await file.close();
  await dir.close();
});

async function handle(name: string): Promise<FileHandle> {
  const file = await open(name, 'r');
  files.push(file);
  return file;
}

/** A compressed segment on disk, opened; a `damage` is done before. */
async function source(
  damage: (gz: string) => unknown = () => {},
  bytes = compressed(PLAIN),
): Promise<SegmentSource | null> {
  const gz = `${path}.gz`;
  await writeFile(gz, bytes);
  await damage(gz);
  return openCompressed(gz, await handle(gz), cache);
}

/** Which of the four members can be read, and whether each is the right one. */
async function readable(from: SegmentSource | null): Promise<string> {
  let found = '';
  for (let n = 0; n < 4; n += 1) {
    const bytes = await from?.read(n * M, M);
    if (bytes) found += bytes.equals(PLAIN.subarray(n * M, n * M + M)) ? n : '!';
    else found += '-';
  }
  return found;
}

describe('a compressed segment', () => {
  it('reads at each place like the plain one, cached or not', async () => {
    await writeFile(path, PLAIN);
    const plain = await openPlain(await handle(path));
    const packed = await source();
    expect(packed?.size).toBe(plain.size);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.nat(PLAIN.length + 99),
          fc.tuple(fc.nat(3), fc.integer({ min: -2, max: 2 })).map(([n, d]) => n * M + d),
        ),
        fc.nat(2 * M),
        fc.boolean(),
        async (position, length, isFresh) => {
          const at = Math.max(0, position);
          if (isFresh) cache.members.set('x', Buffer.alloc(0), 32 * M);
          const got = await packed?.read(at, length);
          expect(got?.equals(PLAIN.subarray(at, at + length))).toBe(true);
          expect(got?.equals((await plain.read(at, length)) ?? randomBytes(1))).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each([
    ['what it holds', 1, 5000, '0-23'],
    ['the first header', 0, 0, '-123'],
    ['a header further on', 1, 1, '0-23'],
    ['a length that then is none', 1, 18, '0-23'],
    ['a length that then is another', 1, 16, '0-23'],
    ['the length of the last', 3, 16, '012-'],
    ['what the last holds', 3, 30, '012-'],
  ])('damaged in %s has its other members', async (_what, number, offset, expected) => {
    const packed = await source((gz) => damageMember(gz, number, offset));
    expect(await readable(packed)).toBe(expected);
  });

  it('that was cut reads up to there', async () => {
    const size = compressed(PLAIN).length;
    expect(await readable(await source((gz) => truncate(gz, size - 9)))).toBe('012-');
    const empty = await source((gz) => truncate(gz, 30));
    expect(await readable(empty)).toBe('----');
  });

  it('with something else between its members has those behind it', async () => {
    const whole = compressed(PLAIN);
    const first = compressed(PLAIN.subarray(0, M));
    const strange = Buffer.concat([first, randomBytes(3 * M), whole.subarray(first.length)]);
    const packed = await source(() => {}, strange);
    expect(await packed?.read(0, 9)).toEqual(PLAIN.subarray(0, 9));
    expect(await packed?.read(M, 9)).toBeNull();
    const end = (packed?.size ?? 0) - 1000;
    expect(await packed?.read(end, 1000)).toEqual(PLAIN.subarray(-1000));
  });

  it('gives what stands before damage, and then nothing', async () => {
    const packed = await source((gz) => damageMember(gz, 1, 5000));
    expect(await packed?.read(M - 10, 20)).toEqual(PLAIN.subarray(M - 10, M));
    expect(await packed?.read(M, 20)).toBeNull();
    expect(await packed?.read(2 * M - 1, 20)).toBeNull();
  });

  it('is looked at again when its file is another one', async () => {
    await source();
    const other = Buffer.from('another segment\n');
    const packed = await source(() => {}, compressed(other));
    expect(packed?.size).toBe(other.length);
    expect(await packed?.read(0, 99)).toEqual(other);
  });

  it.each([
    ['gzip of another program', gzipSync(PLAIN)],
    ['no gzip', PLAIN],
    ['an empty file', Buffer.alloc(0)],
  ])('is not made of %s', async (_what, bytes) => {
    expect(await source(() => {}, bytes)).toBeNull();
  });
});

describe('a plain segment', () => {
  it('gives what is there, where it became shorter since it was opened', async () => {
    await writeFile(path, PLAIN);
    const plain = await openPlain(await handle(path));
    await truncate(path, 100);
    expect(plain.size).toBe(PLAIN.length);
    expect(await plain.read(90, 20)).toEqual(PLAIN.subarray(90, 100));
    expect(await plain.read(100, 20)).toBeNull();
    expect(await plain.read(PLAIN.length, 20)).toEqual(Buffer.alloc(0));
  });
});
