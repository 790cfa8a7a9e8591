import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readLinesForward } from '../../../../src/viewer/store/forward-reader.ts';
import { LogFolder } from '../../../../src/viewer/store/log-folder.ts';
import type { Position } from '../../../../src/viewer/store/segment-reader.ts';
import { compressSegment, damageMember } from '../../../support/compress-segment.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

let dir: TempDir;
let place: Position;
beforeEach(async () => {
  dir = await tempDir();
  place = { segment: 1, offset: 0 };
});
afterEach(() => dir.close());

const segment = (number: number) => join(dir.path, `egress.${number}.jsonl`);

/** What one look gives; the next one goes on behind it. */
async function look() {
  const texts: string[] = [];
  let isLost = false;
  for await (const { lines, next, lost } of readLinesForward(
    new LogFolder(join(dir.path, 'egress.jsonl')),
    place,
  )) {
    texts.push(...lines.flatMap(({ bytes }) => bytes?.toString().slice(0, 20) ?? []));
    isLost ||= lost;
    place = next;
  }
  return { texts, isLost };
}

describe('readLinesForward()', () => {
  it('reads a line once it is whole, and goes on in the next segment', async () => {
    await writeFile(segment(1), 'one\ntw');
    expect(await look()).toEqual({ texts: ['one'], isLost: false });
    await appendFile(segment(1), 'o\n');
    await writeFile(segment(2), 'three\n');
    expect(await look()).toEqual({ texts: ['two', 'three'], isLost: false });
    await rm(segment(1));
    expect(await look()).toEqual({ texts: [], isLost: false });
    await rm(segment(2));
    await writeFile(segment(4), 'five\n');
    expect(await look()).toEqual({ texts: ['five'], isLost: true });
  });

  it('loses the block that is damaged, and not what follows it', async () => {
    const names = Array.from({ length: 40 }, (_, n) => `line ${n}`);
    await writeFile(segment(1), names.map((name) => `${name.padEnd(20_000, ' x')}\n`).join(''));
    compressSegment(segment(1));
    damageMember(`${segment(1)}.gz`, 1, 12);
    const { texts, isLost } = await look();
    expect(isLost).toBe(true);
    const read = texts.map((text) => text.split(' x')[0]);
    expect(read.slice(0, 13)).toEqual(names.slice(0, 13));
    expect(read.slice(13)).toEqual(names.slice(27));
  });

  it('passes a line that no record can be, also where it is not whole yet, and takes no rest of it', async () => {
    await writeFile(segment(1), `one\n${'x'.repeat(600_000)}`);
    expect(await look()).toEqual({ texts: ['one'], isLost: true });
    expect(place.offset).toBe(600_004);
    await appendFile(segment(1), 'the rest\ntwo\n');
    expect(await look()).toEqual({ texts: ['two'], isLost: false });
  });
});
