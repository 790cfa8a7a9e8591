import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type KeptSegment,
  type Retention,
  segmentsToDelete,
  startRetention,
} from '../../../../src/primary/archive/retention.ts';
import { compressSegment } from '../../../../src/primary/archive/segment-task.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';
import { writeLog } from '../../../support/write-log.ts';

const DAY = 86_400_000;
const NOW = 1_700_000_000_000;

/** Segments of 100 bytes, oldest first, of these ages in days. */
const sealed = (...ages: number[]): KeptSegment[] =>
  ages.map((age, index) => ({
    number: index + 1,
    file: `egress.${index + 1}.jsonl.gz`,
    bytes: 100,
    mtimeMs: NOW - age * DAY,
  }));
const decide = (ages: number[], retainBytes: number, days: number, live = 50) => {
  const rule = { retainBytes, retainMs: days * DAY };
  const { goes, isFull } = segmentsToDelete(sealed(...ages), live, rule, NOW);
  return [goes.map(({ number }) => number), isFull];
};

describe('segmentsToDelete()', () => {
  it.each([
    ['no rule keeps everything', [900, 800, 1], 0, 0, [[], false]],
    ['size alone: oldest first, until it fits', [3, 2, 1], 250, 0, [[1], false]],
    ['size alone: as many as it takes', [3, 2, 1], 100, 0, [[1, 2, 3], false]],
    ['size alone: nothing while it fits', [3, 2, 1], 350, 0, [[], false]],
    ['age alone: all that are as old', [31, 30, 29], 0, 30, [[1, 2], false]],
    ['both: none younger than the age', [31, 29, 28], 200, 30, [[1], true]],
    ['both: none that is old while it fits', [40, 39, 38], 1000, 30, [[], false]],
    ['both: full of the young ones', [3, 2, 1], 200, 30, [[], true]],
    ['both: a young one stops, an older number behind it stays', [1, 40], 100, 30, [[], true]],
    ['nothing finished yet', [], 10, 0, [[], true]],
  ])('%s', (_, ages, bytes, days, expected) => {
    expect(decide(ages as number[], bytes as number, days as number)).toEqual(expected);
  });
});

describe('startRetention()', () => {
  let temp: TempDir;
  let retention: Retention;
  let told: string[];
  let noted: Record<string, unknown>[];
  let forbidden: string;
  /** What happens between the record of a deletion and the deletion. */
  let onNoted: () => void;
  const path = (name: string) => join(temp.path, name);
  const lines = (number: number) =>
    readFileSync(path(`egress.${number}.jsonl`), 'utf8')
      .split('\n')
      .slice(0, -1);
  const firstOf = (number: number) => JSON.parse(lines(number)[0] ?? '');

  beforeEach(async () => {
    temp = await tempDir();
    [told, noted, forbidden, onNoted] = [[], [], '', () => {}];
    const stop = { event: 'stop', reason: 'x'.repeat(5000) } as const;
    await writeLog(path('egress.jsonl'), Array(20).fill(stop), 20_000);
  });
  afterEach(async () => {
    retention.close();
    await temp.close();
  });

  /** Deletes all that is finished: there are more than two segments, and this is the live one. */
  function start(live: number): void {
    retention = startRetention({
      ...{ retainBytes: 1, retainMs: 0, rotateBytes: 100, logPath: path('egress.jsonl') },
      log: {
        status: () => ({ healthy: true, problem: '', segment: live, seq: 0, bytes: 0 }),
        forbid: (reason) => {
          forbidden = reason;
        },
        async noteOnDisk(event, fields) {
          noted.push({ event, ...fields });
          onNoted();
        },
      },
      isDamaged: () => false,
      now: Date.now,
      onProblem: (problem) => told.push(problem),
    });
    retention.changed();
  }
  const isGone = (name: string) => expect.poll(() => existsSync(path(name))).toBe(false);

  it('says what goes, from where to where, before it goes', async () => {
    const { seq, prev } = firstOf(2);
    const { size } = statSync(path('egress.1.jsonl'));
    onNoted = () => told.push(`there: ${existsSync(path('egress.1.jsonl'))}`);
    start(2);
    await isGone('egress.1.jsonl');
    const about = { file: 'egress.1.jsonl', number: 1, bytes: size };
    expect(noted).toEqual([
      { event: 'segment_deleted', ...about, first_seq: 1, last_seq: seq - 1, last_hash: prev },
    ]);
    expect(told).toEqual(['there: true']);
  });

  it('deletes a segment that is compressed while that is said', async () => {
    onNoted = () => compressSegment(path('egress.1.jsonl'));
    start(2);
    await isGone('egress.1.jsonl');
    await isGone('egress.1.jsonl.gz');
    expect(told).toEqual([]);
  });

  it('deletes a damaged one, too, and says of it what can be known', async () => {
    const { seq, prev } = firstOf(2);
    const damaged = `{"seq":"x${lines(1).join('\n')}\n`;
    writeFileSync(path('egress.1.jsonl'), damaged);
    start(2);
    await isGone('egress.1.jsonl');
    const about = { file: 'egress.1.jsonl', number: 1, bytes: damaged.length };
    expect(noted).toEqual([
      { event: 'segment_deleted', ...about, last_seq: seq - 1, last_hash: prev, damaged: true },
    ]);
  });

  it('deletes one that cannot be decompressed, and one in front of that', async () => {
    compressSegment(path('egress.2.jsonl'));
    writeFileSync(path('egress.2.jsonl.gz'), 'no gzip');
    start(3);
    await isGone('egress.1.jsonl');
    await isGone('egress.2.jsonl.gz');
    expect(noted.map(({ event, file, bytes, ...rest }) => rest)).toEqual([
      { number: 1, first_seq: 1 },
      { number: 2, last_seq: firstOf(3).seq - 1, last_hash: firstOf(3).prev, damaged: true },
    ]);
    expect(told).toEqual([]);
  });

  it('says once what it cannot delete, tries again, and lets nothing new pass meanwhile', async () => {
    compressSegment(path('egress.1.jsonl'));
    // A folder has its name when it is to go: no user may unlink that.
    onNoted = () => {
      rmSync(path('egress.1.jsonl.gz'));
      mkdirSync(path('egress.1.jsonl.gz'));
      writeFileSync(path('egress.1.jsonl.gz/full'), '');
    };
    start(2);
    await expect.poll(() => told).toEqual([expect.stringContaining('Cannot delete a segment')]);
    for (let turn = 0; turn < 3; turn += 1) {
      forbidden = '';
      retention.changed();
      await expect.poll(() => forbidden).toContain('Cannot delete a segment');
    }
    expect([noted.length, told.length]).toEqual([1, 1]);
    onNoted = () => {};
    rmSync(path('egress.1.jsonl.gz'), { recursive: true });
    writeFileSync(path('egress.1.jsonl.gz'), 'as before');
    retention.changed();
    await isGone('egress.1.jsonl.gz');
    expect(noted).toHaveLength(1);
  });
});
