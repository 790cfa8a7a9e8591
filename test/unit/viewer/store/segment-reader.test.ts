import { appendFile, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MEMBER_INPUT_BYTES } from '../../../../src/shared/gzip-member.ts';
import { LogFolder, listSegments } from '../../../../src/viewer/store/log-folder.ts';
import {
  type LogLine,
  MAX_LINE_BYTES,
  type Position,
  readLinesBackward,
  seekBefore,
} from '../../../../src/viewer/store/segment-reader.ts';
import { compressSegment, damageMember } from '../../../support/compress-segment.ts';

let folder: string;
let log: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leash-reader-'));
  log = join(folder, 'egress.jsonl');
});
afterEach(() => rm(folder, { recursive: true }));

const segment = (number: number) => join(folder, `egress.${number}.jsonl`);

async function readAll(from?: Position): Promise<string[]> {
  const texts: string[] = [];
  for await (const batch of readLinesBackward(new LogFolder(log), from)) {
    if (batch.unreadable !== undefined) texts.push(`unreadable ${batch.unreadable}`);
    for (const line of batch.lines) texts.push(line.bytes?.toString() ?? 'too long');
  }
  return texts;
}

describe('readLinesBackward()', () => {
  it('readLinesBackward() gives all segments newest first, by number and not by name', async () => {
    await writeFile(segment(2), 'c\nd\n');
    await writeFile(segment(10), 'e\n');
    await writeFile(segment(1), 'a\nb\n');
    await symlink('egress.10.jsonl', log);
    expect(await listSegments(log)).toEqual([1, 2, 10]);
    expect(await readAll()).toEqual(['e', 'd', 'c', 'b', 'a']);
  });

  it('Invariant: the reader yields newline-terminated lines only', async () => {
    await writeFile(segment(1), 'a\nhalf');
    expect(await readAll()).toEqual(['a']);
    await appendFile(segment(1), ' now whole\nmore');
    expect(await readAll()).toEqual(['half now whole', 'a']);
    await writeFile(segment(2), 'no newline at all');
    expect(await readAll()).toEqual(['half now whole', 'a']);
  });

  it('readLinesBackward() reads the file of the original, before and after the first start', async () => {
    await writeFile(log, 'old\n');
    expect(await listSegments(log)).toEqual([0]);
    expect(await readAll()).toEqual(['old']);
    await rename(log, segment(0));
    await writeFile(segment(1), 'new\n');
    await symlink('egress.1.jsonl', log);
    expect(await readAll()).toEqual(['new', 'old']);
  });

  it('readLinesBackward() goes on at a position, also one inside a line', async () => {
    await writeFile(segment(1), 'aa\nbb\ncc\n');
    await writeFile(segment(2), 'dd\n');
    expect(await readAll({ segment: 1, offset: 6 })).toEqual(['bb', 'aa']);
    expect(await readAll({ segment: 1, offset: 5 })).toEqual(['aa']);
    expect(await readAll({ segment: 1, offset: 0 })).toEqual([]);
    expect(await readAll({ segment: 1, offset: 1e15 })).toEqual(['cc', 'bb', 'aa']);
    expect(await readAll({ segment: 7, offset: 0 })).toEqual(['dd', 'cc', 'bb', 'aa']);
  });

  it('readLinesBackward() says where each line stands', async () => {
    await writeFile(segment(1), 'aa\nbbb\n');
    const found: (readonly [number, number])[] = [];
    for await (const batch of readLinesBackward(new LogFolder(log))) {
      for (const line of batch.lines) found.push([line.start, line.end]);
    }
    expect(found).toEqual([
      [3, 7],
      [0, 3],
    ]);
  });

  it('readLinesBackward() joins lines that cross the blocks of a read', async () => {
    const lines = Array.from({ length: 3000 }, (_, i) => `${i} ${'x'.repeat((i * 37) % 900)}`);
    lines.splice(1500, 0, 'y'.repeat(MAX_LINE_BYTES - 100));
    await writeFile(segment(1), `${lines.join('\n')}\n`);
    expect(await readAll()).toEqual(lines.reverse());
  });

  it('Invariant: memory is bounded by one block and one line: a longer line is a marker', async () => {
    const long = 'z'.repeat(MAX_LINE_BYTES + 300 * 1024);
    await writeFile(segment(1), `${long}\na\n${long}\nb\n${long}`);
    expect(await readAll()).toEqual(['b', 'too long', 'a', 'too long']);
  });

  it('readLinesBackward() survives rotation and deletion while it reads', async () => {
    await writeFile(segment(1), 'a\n');
    await writeFile(segment(2), 'b\n');
    const batches = readLinesBackward(new LogFolder(log));
    const first = await batches.next();
    await writeFile(segment(3), 'c\n');
    await rm(segment(1));
    const second = await batches.next();
    expect(first.value.lines).toHaveLength(1);
    expect(second.value).toMatchObject({ lines: [], unreadable: 1 });
    expect((await batches.next()).done).toBe(true);
  });

  it('readLinesBackward() names a segment that another program compressed', async () => {
    await writeFile(`${segment(1)}.gz`, gzipSync('a\n'));
    await writeFile(segment(2), 'b\n');
    expect(await readAll()).toEqual(['b', 'unreadable 1']);
  });

  it('readLinesBackward() finds nothing in a folder that does not exist', async () => {
    log = join(folder, 'none', 'egress.jsonl');
    expect(await readAll()).toEqual([]);
  });
});

describe('readLinesBackward() of compressed segments', () => {
  const lines = (seed: number, count: number) =>
    Array.from({ length: count }, (_, n) => `${n} ${'x'.repeat((n * seed) % 5000)}`);

  it('gives the lines and places of the plain ones, from each place', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 9999 }), fc.boolean()), { maxLength: 4 }),
        fc.option(fc.record({ segment: fc.nat(5), offset: fc.nat(900_000) }), { nil: undefined }),
        async (segments, from) => {
          for (const [index, [seed]] of segments.entries()) {
            const text = `${lines(seed, 200).join('\n')}\n`;
            await writeFile(segment(index + 1), text);
          }
          const plain = await readPlaces(from);
          for (const [index, [, isKept]] of segments.entries()) {
            compressSegment(segment(index + 1), isKept ? 'keep' : 'remove');
          }
          expect(await readPlaces(from)).toEqual(plain);
          for (let n = 1; n <= 4; n += 1) {
            await rm(segment(n), { force: true });
            await rm(`${segment(n)}.gz`, { force: true });
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('goes on behind damage, and gives no line that reaches into it', async () => {
    const older = lines(7, 20);
    await writeFile(segment(1), `${older.join('\n')}\n`);
    compressSegment(segment(1));
    const all = lines(997, 600);
    await writeFile(segment(2), `${all.join('\n')}\n`);
    compressSegment(segment(2));
    damageMember(`${segment(2)}.gz`, 2, 50);
    const M = MEMBER_INPUT_BYTES;
    let start = 0;
    const expected = all.flatMap((line) => {
      const end = start + line.length + 1;
      // The byte before a line is its neighbour's newline: it has to be there, too.
      const isWhole = end <= 2 * M || start > 3 * M;
      start = end;
      return isWhole ? [line] : [];
    });
    expect(expected.length).toBeLessThan(all.length - 50);
    const texts = await readAll();
    expect(texts.filter((text) => !text.startsWith('unreadable'))).toEqual([
      ...expected.reverse(),
      ...older.reverse(),
    ]);
    expect(texts.filter((text) => text.startsWith('unreadable'))).toEqual(['unreadable 2']);
  });

  it('joins when a reader stops after each batch and goes on at the next', async () => {
    const texts = lines(997, 300);
    texts.splice(150, 0, 'y'.repeat(MAX_LINE_BYTES - 100), 'z'.repeat(3 * MAX_LINE_BYTES), 'end');
    await writeFile(segment(1), `${texts.join('\n')}\n`);
    compressSegment(segment(1));
    const found: string[] = [];
    let from: Position | undefined;
    for (let steps = 0; steps < 99; steps += 1) {
      const batches = readLinesBackward(new LogFolder(log), from);
      const step = await batches.next();
      await batches.return(undefined);
      if (step.done) break;
      found.push(...step.value.lines.map((line: LogLine) => line.bytes?.toString() ?? 'too long'));
      const at = step.value.next.offset;
      expect(at).toBeLessThan(from?.offset ?? Number.MAX_SAFE_INTEGER);
      from = step.value.next;
    }
    expect(found.filter((text) => text !== 'too long')).toEqual(
      texts.filter((text) => !text.startsWith('z')).reverse(),
    );
  });

  async function readPlaces(from?: Position): Promise<string[]> {
    const places: string[] = [];
    for await (const batch of readLinesBackward(new LogFolder(log), from)) {
      for (const { segment: number, start, end, bytes } of batch.lines) {
        places.push(`${number}:${start}-${end} ${bytes}`);
      }
    }
    return places;
  }
});

describe('seekBefore()', () => {
  it('seekBefore() gives a place behind the wanted record and not far behind it', async () => {
    let seq = 0;
    for (const number of [1, 2, 3]) {
      const lines: string[] = [];
      for (let i = 0; i < 4000; i++) lines.push(`{"seq":${++seq},"x":"${'x'.repeat(500)}"}\n`);
      if (number === 2) lines[2000] = `damaged ${'y'.repeat(300_000)}\n`;
      await writeFile(segment(number), lines.join(''));
    }
    for (const wanted of [1, 2, 3999, 4001, 4002, 6000, 6001, 6002, 9500, 12_000, 12_001, 99_999]) {
      const place = await seekBefore(new LogFolder(log), { seq: wanted });
      const texts = await readAll(place);
      const numbers = texts.flatMap((text) => /"seq":(\d+)/.exec(text)?.[1] ?? []).map(Number);
      const below = numbers.filter((number) => number < wanted);
      expect(below.length).toBeGreaterThanOrEqual(Math.min(wanted, 12_001) - 2);
      expect(numbers.length - below.length).toBeLessThan(2500);
    }
  });

  it('seekBefore() gives the same place in compressed segments, damaged or not', async () => {
    let seq = 0;
    for (const number of [1, 2, 3]) {
      const lines: string[] = [];
      for (let i = 0; i < 4000; i++) lines.push(`{"seq":${++seq},"x":"${'x'.repeat(500)}"}\n`);
      await writeFile(segment(number), lines.join(''));
    }
    const wanted = [1, 3999, 4001, 6000, 9500, 12_000, 99_999];
    const places = async () =>
      Promise.all(wanted.map((number) => seekBefore(new LogFolder(log), { seq: number })));
    const plain = await places();
    for (const number of [1, 2, 3]) compressSegment(segment(number));
    expect(await places()).toEqual(plain);
    for (const member of [0, 3, 4]) damageMember(`${segment(2)}.gz`, member, 50);
    for (const [index, place] of (await places()).entries()) {
      const exact = plain[index] as Position;
      const isEarlier =
        place.segment < exact.segment ||
        (place.segment === exact.segment && place.offset < exact.offset);
      expect(isEarlier).toBe(false);
    }
  });

  it('seekBefore() goes to the file of the original for a number older than all', async () => {
    await writeFile(segment(0), 'old\n');
    await writeFile(segment(1), '{"seq":5}\n');
    expect(await readAll(await seekBefore(new LogFolder(log), { seq: 5 }))).toEqual(['old']);
  });
});
