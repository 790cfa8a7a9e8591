import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFolder } from '../../../../src/viewer/store/log-folder.ts';
import { readForward } from '../../../../src/viewer/store/segment-forward.ts';
import {
  type LogLine,
  MAX_LINE_BYTES,
  readSegmentBackward,
} from '../../../../src/viewer/store/segment-reader.ts';
import { compressSegment, damageMember } from '../../../support/compress-segment.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

let dir: TempDir;
let logPath: string;
let segment: string;
beforeEach(async () => {
  dir = await tempDir();
  logPath = join(dir.path, 'egress.jsonl');
  segment = join(dir.path, 'egress.1.jsonl');
});
afterEach(() => dir.close());

async function forward(from = 0, isLineStart = true): Promise<LogLine[]> {
  const source = (await new LogFolder(logPath).open(1))!;
  const lines: LogLine[] = [];
  for await (const batch of readForward(source, 1, { from, isLineStart })) {
    lines.push(...batch.lines);
  }
  await source.close();
  return lines;
}

async function backward(): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for await (const batch of readSegmentBackward(new LogFolder(logPath), 1, null)) {
    lines.push(...batch.lines);
  }
  return lines.reverse();
}

const shown = (lines: readonly LogLine[]) =>
  lines.map(({ start, end, bytes }) => [start, end, bytes?.toString('latin1').slice(0, 40)]);

describe('readForward()', () => {
  it('read forwards and backwards, a segment has the same lines, whatever is damaged in it', async () => {
    const length = fc.oneof(
      { weight: 20, arbitrary: fc.integer({ min: 0, max: 3000 }) },
      { weight: 3, arbitrary: fc.integer({ min: 100_000, max: MAX_LINE_BYTES + 400_000 }) },
      { weight: 2, arbitrary: fc.constantFrom(MAX_LINE_BYTES - 1, MAX_LINE_BYTES, 262_143) },
    );
    const member = fc.tuple(fc.nat(12), fc.integer({ min: 4, max: 27 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(length, { minLength: 1, maxLength: 60 }),
        fc.array(member, { maxLength: 3 }),
        fc.boolean(),
        async (lengths, damages, isTorn) => {
          const text = lengths.map((size, n) => `${n} `.padEnd(size, 'x')).join('\n');
          await writeFile(segment, isTorn ? text : `${text}\n`);
          expect(shown(await forward())).toEqual(shown(await backward()));
          compressSegment(segment);
          const members = Math.ceil(text.length / 262_144);
          // From the last one on: a member whose length is damaged hides where the others begin.
          const places = damages.map(([number, offset]) => [number % members, offset] as const);
          for (const [number, offset] of places.sort(([one], [other]) => other - one)) {
            damageMember(`${segment}.gz`, number, offset);
          }
          // A file of which no member is left has no places at all.
          const source = await new LogFolder(logPath).open(1);
          await source?.close();
          if (source !== null) expect(shown(await forward())).toEqual(shown(await backward()));
          await rm(`${segment}.gz`);
        },
      ),
      { numRuns: 40 },
    );
  }, 60_000);

  it('begins behind the line at a place, wherever in the line that is', async () => {
    await writeFile(segment, 'one\ntwo\nthree\n');
    expect(shown(await forward(4)).map(([, , text]) => text)).toEqual(['two', 'three']);
    for (const place of [4, 5, 7]) {
      expect(shown(await forward(place, false)).map(([, , text]) => text)).toEqual(['three']);
    }
    expect(await forward(14, false)).toEqual([]);
  });
});
