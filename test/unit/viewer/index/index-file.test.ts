import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IndexBuilder } from '../../../../src/viewer/index/index-builder.ts';
import { bytesInMemory, ColumnCache, openIndex } from '../../../../src/viewer/index/index-file.ts';
import { encodeIndex } from '../../../../src/viewer/index/index-format.ts';
import {
  CODED,
  NUMERIC,
  PART_COLUMNS,
  type SegmentIndex,
} from '../../../../src/viewer/index/segment-index.ts';
import { trigramBits } from '../../../../src/viewer/index/trigrams.ts';
import { LogFolder } from '../../../../src/viewer/store/log-folder.ts';
import { readForward } from '../../../../src/viewer/store/segment-forward.ts';
import { logLine } from '../../../support/log-line.ts';
import { type RandomLog, randomLog, writeRandomLog } from '../../../support/random-log.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

let dir: TempDir;
beforeEach(async () => {
  dir = await tempDir();
});
afterEach(() => dir.close());

const IDENTITY = { identity: 'of a segment', size: 1_000_000_000 };

/** Everything that an index says. */
async function contents(index: SegmentIndex): Promise<unknown> {
  const columns = [...NUMERIC, ...CODED, ...PART_COLUMNS, 'ends' as const];
  const texts = ['needle', 'x-trace: abc', 'absent-text', 'api.test', 'ab'];
  return {
    end: index.end,
    rows: index.rows,
    times: [index.minTs, index.maxTs, index.firstTs, index.lastLine],
    tooLong: index.tooLong,
    numbers: await Promise.all(columns.map(async (name) => [...array(await index.numbers(name))])),
    values: await Promise.all(CODED.map((name) => index.values(name))),
    opens: await index.opens(),
    blocks: await Promise.all(texts.map((text) => index.blocksWith(trigramBits(text)))),
  };
}
const array = (numbers: ArrayLike<number>) => Array.from(numbers);

async function build(log: RandomLog): Promise<IndexBuilder> {
  const folder = await mkdtemp(join(dir.path, 'log-'));
  writeRandomLog(folder, { ...log, segments: 1 });
  const source = (await new LogFolder(join(folder, 'egress.jsonl')).open(1))!;
  const builder = new IndexBuilder(1);
  for await (const batch of readForward(source, 1, { from: 0, isLineStart: true })) {
    builder.add(batch.lines, batch.next, batch.isDamaged);
  }
  await source.close();
  return builder;
}

function manyRows(count: number): IndexBuilder {
  const builder = new IndexBuilder(1);
  let end = 0;
  const lines = Array.from({ length: count }, (_, n) => {
    const bytes = Buffer.from(
      logLine({ event: 'allowed', id: `1-1-${n}`, host: `h${n}.test`, ts: n + 0.5 }),
    );
    const start = end;
    end += bytes.length + 1;
    return { segment: 1, start, end, bytes };
  });
  builder.add(lines, end, false);
  return builder;
}

describe('an index file', () => {
  it('says the same as the index in memory that it was made of', async () => {
    await fc.assert(
      fc.asyncProperty(randomLog, async (log) => {
        const builder = await build(log);
        const bytes = await encodeIndex(builder, IDENTITY);
        const index = await openIndex(bytesInMemory(bytes), new ColumnCache());
        expect(index).toMatchObject(IDENTITY);
        expect(await contents(index)).toEqual(await contents(builder.snapshot()));
      }),
      { numRuns: 20 },
    );
  });

  it('names each block that holds a text, among many', async () => {
    const builder = manyRows(3000);
    const bytes = await encodeIndex(builder, IDENTITY);
    const index = await openIndex(bytesInMemory(bytes), new ColumnCache());
    for (const row of [0, 255, 256, 1500, 2999]) {
      const blocks = await index.blocksWith(trigramBits(`h${row}.test`));
      expect(blocks[Math.floor(row / 256)]).toBe(1);
    }
    expect([...(await index.blocksWith(trigramBits('nothing like it')))]).not.toContain(1);
    expect(await contents(index)).toEqual(await contents(builder.snapshot()));
  });

  it('an index that is damaged is never believed: a changed byte is found, or changes nothing', async () => {
    const builder = manyRows(600);
    const bytes = await encodeIndex(builder, IDENTITY);
    const good = await contents(builder.snapshot());
    const places = fc.oneof(fc.nat(4000), fc.nat(bytes.length - 1));
    await fc.assert(
      fc.asyncProperty(places, fc.integer({ min: 1, max: 255 }), async (place, change) => {
        const damaged = Buffer.from(bytes);
        damaged.writeUInt8((damaged[place] ?? 0) ^ change, place);
        let read: unknown = null;
        try {
          read = await contents(await openIndex(bytesInMemory(damaged), new ColumnCache()));
        } catch {
          return;
        }
        expect(read).toEqual(good);
      }),
      { numRuns: 150 },
    );
  });

  it('is none where it is cut off, empty, longer than it says, or something else', async () => {
    const bytes = await encodeIndex(manyRows(300), IDENTITY);
    const cuts = [0, 5, 16, 200, bytes.length - 8, bytes.length - 1];
    const others = [Buffer.concat([bytes, Buffer.alloc(8)]), Buffer.alloc(5000, 'x')];
    for (const each of [...cuts.map((cut) => bytes.subarray(0, cut)), ...others]) {
      await expect(openIndex(bytesInMemory(each), new ColumnCache())).rejects.toThrow();
    }
  });
});
