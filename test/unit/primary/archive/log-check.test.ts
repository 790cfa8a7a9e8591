import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogChecker, settleFlows } from '../../../../src/primary/archive/log-check.ts';
import {
  compressSegment,
  inspectSegment,
  type OrphanedFlow,
} from '../../../../src/primary/archive/segment-task.ts';
import { recoverLog } from '../../../../src/primary/log/log-recovery.ts';
import { readChain } from '../../../support/log-files.ts';
import { makeSigner, openLog } from '../../../support/open-log.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

const ROTATE = 20_000;

describe('createLogChecker()', () => {
  let temp: TempDir;
  let signer: ReturnType<typeof makeSigner>;
  const problems: string[] = [];
  const path = (name: string) => join(temp.path, name);
  const segment = (number: number) => path(`egress.${number}.jsonl`);
  const linesOf = (number: number) =>
    readFileSync(segment(number), 'utf8').split('\n').slice(0, -1);
  const writeLines = (number: number, lines: readonly string[]) =>
    writeFileSync(segment(number), lines.map((line) => `${line}\n`).join(''));

  beforeEach(async () => {
    temp = await tempDir();
    signer = makeSigner();
    problems.length = 0;
    await run(120);
  });
  afterEach(() => temp.close());

  /** A run that fills some segments and keeps its checkpoints. */
  async function run(count: number, reason = 'x'.repeat(400)): Promise<void> {
    const signed: string[] = [];
    const log = openLog(path('egress.jsonl'), {
      signer,
      rotateBytes: ROTATE,
      onCheckpoint: (line) => signed.push(`${line}\n`),
    });
    for (let n = 0; n < count; n += 1) {
      log.append('stop', `${log.epoch}-0-${n + 1}`, `"reason":"${reason}"`);
      log.flush();
    }
    await log.close();
    writeFileSync(path('egress.checkpoints'), signed.join(''));
  }

  /** What a start finds: in the status file and, as new records, on the log. */
  async function check() {
    const logPath = path('egress.jsonl');
    const recovered = recoverLog({ logPath, rotateBytes: ROTATE, key: signer.key });
    const log = openLog(logPath, { signer, rotateBytes: ROTATE, recovered });
    const checker = createLogChecker({
      ...{ logPath, recovered, log },
      pool: { inspect: async (input) => inspectSegment(input) },
      onChange() {},
      onProblem: (problem) => problems.push(problem),
    });
    await checker.walkAll();
    await log.close();
    // Each is said to the operator, with what to do.
    const said = problems.filter((problem) => problem.includes('run: leashctl verify'));
    expect(said).toHaveLength(problems.length);
    expect(problems.splice(0)).toHaveLength(checker.current().damage.length);
    expect(checker.current().state).toBe('done');
    const notes = linesOf(log.status().segment)
      .map((line) => JSON.parse(line))
      .filter(({ event }) => event === 'log_recovered')
      .map(({ file, reason, last_seq = 0 }) => `${file} ${reason} ${last_seq}`);
    return { damage: checker.current().damage, notes };
  }
  const lastSeq = (number: number) => JSON.parse(linesOf(number).at(-1) ?? '').seq;

  it('finds nothing in a log that is whole, plain or compressed', async () => {
    compressSegment(segment(1));
    expect(await check()).toEqual({ damage: [], notes: [] });
  });

  it('names a changed record, once on the log', async () => {
    const lines = linesOf(2);
    writeLines(
      2,
      lines.map((line, index) => (index === 5 ? line.replace('xxx', 'xyx') : line)),
    );
    const seq = JSON.parse(lines[5] ?? '').seq;
    const { damage, notes } = await check();
    expect(damage).toMatchObject([{ file: 'egress.2.jsonl', seq }]);
    expect(notes).toEqual([`egress.2.jsonl damaged ${seq - 1}`]);
  });

  it('names what a cut at the end of a finished segment took', async () => {
    const lines = linesOf(2);
    writeLines(2, lines.slice(0, -3));
    const { notes } = await check();
    expect(notes).toEqual([`egress.2.jsonl damaged ${lastSeq(2)}`]);
  });

  it('names a segment that is missing between others, and in front of all', async () => {
    const end = lastSeq(2);
    rmSync(segment(2));
    expect((await check()).notes).toEqual([`egress.3.jsonl missing ${end}`]);
    const first = lastSeq(1);
    rmSync(segment(1));
    expect(first).toBeGreaterThan(1);
    expect((await check()).damage).toMatchObject([{ file: 'egress.3.jsonl', seq: end + 1 }]);
  });

  it('names a beginning that was taken from the first segment', async () => {
    writeLines(1, linesOf(1).slice(3));
    expect((await check()).notes).toEqual(['egress.1.jsonl missing 3']);
  });

  it('takes the word of a `segment_deleted` for what is not there', async () => {
    const [first = ''] = linesOf(3);
    const { seq, prev } = JSON.parse(first);
    const log = openLog(path('egress.jsonl'), { signer, rotateBytes: ROTATE });
    const fields = {
      file: 'egress.2.jsonl',
      number: 2,
      first_seq: 1,
      last_seq: seq - 1,
      last_hash: prev,
      bytes: 5,
    };
    await log.noteOnDisk('segment_deleted', fields);
    await log.close();
    rmSync(segment(1));
    rmSync(segment(2));
    expect(await check()).toEqual({ damage: [], notes: [] });
  });

  it('names a log that was written anew, by the checkpoints that were copied', async () => {
    const copies = readFileSync(path('egress.checkpoints'), 'utf8');
    for (const name of readdirSync(temp.path)) rmSync(path(name));
    await run(120, 'y'.repeat(400));
    expect((await check()).damage).toEqual([]);
    writeFileSync(path('egress.checkpoints'), copies);
    const { damage } = await check();
    expect(damage.length).toBeGreaterThan(1);
    expect(damage.map(({ file }) => file)).toContain('egress.1.jsonl');
  });

  it('names a checkpoint whose signature does not fit', async () => {
    const lines = linesOf(2);
    const last = lines.at(-1) ?? '';
    expect(last).toContain('"checkpoint"');
    const forged = last.replace(
      /"signature":"(.)/,
      (_, digit) => `"signature":"${digit === 'a' ? 'b' : 'a'}`,
    );
    writeLines(2, [...lines.slice(0, -1), forged]);
    expect((await check()).damage).toMatchObject([{ file: 'egress.2.jsonl', seq: lastSeq(2) }]);
  });

  it('names no more than twenty, says so, and knows of the others', async () => {
    await run(900);
    const count = readdirSync(temp.path).filter((name) => /\.\d+\.jsonl$/.test(name)).length - 1;
    expect(count).toBeGreaterThan(22);
    for (let number = 1; number <= count; number += 1) {
      const [first = '', second = '', ...rest] = linesOf(number);
      writeLines(number, [first, second.replace('xxx', 'xyx'), ...rest]);
    }
    const logPath = path('egress.jsonl');
    const recovered = recoverLog({ logPath, rotateBytes: ROTATE, key: signer.key });
    const log = openLog(logPath, { signer, rotateBytes: ROTATE, recovered });
    const checker = createLogChecker({
      ...{ logPath, recovered, log },
      pool: { inspect: async (input) => inspectSegment(input) },
      onChange() {},
      onProblem: (problem) => problems.push(problem),
    });
    await checker.walkAll();
    await log.close();
    expect(checker.current().damage).toHaveLength(20);
    expect(problems).toHaveLength(21);
    expect(problems[20]).toContain('More than 20 segments');
    expect([checker.isDamaged(1), checker.isDamaged(count)]).toEqual([true, true]);
  });
});

describe('settleFlows()', () => {
  it('ends what a run before left open, under no other id than one of a flow', async () => {
    const temp = await tempDir();
    const logPath = join(temp.path, 'egress.jsonl');
    await openLog(logPath).close();
    const log = openLog(logPath);
    expect(log.epoch).toBe(2);
    const flow = (id: string): OrphanedFlow => ({ id, members: '"client":"10.0.0.1"' });
    const ids = ['1-3-7', '2-1-1', '1-3-7","x":"', 'undefined', '1-x-7', '1-0-7', '1--7'];
    const pool = { findOpenFlows: async () => ids.map(flow) };
    const recovered = recoverLog({ logPath, rotateBytes: ROTATE, key: '' });
    await settleFlows({ logPath, log, pool, recovered });
    await log.close();
    const errors = readChain(temp.path).filter(({ event }) => event === 'error');
    expect(errors).toMatchObject([{ id: '1-3-7', worker: 3, reason: 'primary_exit' }]);
    expect(errors).toHaveLength(1);
    await temp.close();
  });
});
