// A start on a log that is signed, compressed, cut off or not settled yet.

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compressSegment } from '../../../../src/primary/archive/segment-task.ts';
import { lastCheckpoint } from '../../../../src/primary/log/last-checkpoint.ts';
import { recoverLog } from '../../../../src/primary/log/log-recovery.ts';
import { MAX_WAITING_BYTES } from '../../../../src/primary/log/record-queue.ts';
import type { Signer } from '../../../../src/primary/log/segment-writer.ts';
import { makeSigner, openLog } from '../../../support/open-log.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

const ROTATE = 1024 * 1024;

describe('recoverLog() on a signed log', () => {
  let temp: TempDir;
  let signer: Signer;
  const file = (name: string) => join(temp.path, name);
  const segment = (number: number) => file(`egress.${number}.jsonl`);
  const recover = (key = signer.key) =>
    recoverLog({ logPath: file('egress.jsonl'), rotateBytes: ROTATE, key });

  beforeEach(async () => {
    temp = await tempDir();
    signer = makeSigner();
  });
  afterEach(() => temp.close());

  /** One run: `count` records, and the checkpoint file as the primary keeps it. */
  async function run(count: number, members = '"reason":"x"'): Promise<string[]> {
    const signed: string[] = [];
    const log = openLog(file('egress.jsonl'), {
      signer,
      onCheckpoint: (line) => signed.push(line),
    });
    for (let n = 0; n < count; n += 1) log.append('stop', `${log.epoch}-0-${n + 1}`, members);
    log.flush();
    await log.close();
    writeFileSync(file('egress.checkpoints'), signed.map((line) => `${line}\n`).join(''), {
      flag: 'a',
    });
    return signed;
  }

  const change = (number: number, from: string, to: string) =>
    writeFileSync(segment(number), readFileSync(segment(number), 'utf8').replace(from, to));

  it('looks only at what follows the last checkpoint', async () => {
    await run(2500);
    const { position, epoch, findings } = recover();
    expect([position.seq, epoch, findings]).toEqual([2504, 2, []]);
    // In front of it, damage is for the check in the background; behind it, it is found here.
    change(1, '"id":"1-0-100"', '"id":"1-0-999"');
    expect(recover().findings).toEqual([]);
    // Whoever else signed: all of it is walked.
    expect(recover('ab'.repeat(32)).findings).toMatchObject([{ reason: 'damaged', last_seq: 100 }]);
  });

  it('finds the last checkpoint where it stands, and no other key’s, and none that was moved', async () => {
    const signed = await run(2500);
    const last = JSON.parse(signed.at(-1) ?? '');
    expect(lastCheckpoint(segment(1), 1, signer.key)).toMatchObject({
      seq: last.seq,
      size: last.size,
    });
    expect(lastCheckpoint(segment(1), 2, signer.key)).toBeNull();
    expect(lastCheckpoint(segment(1), 1, makeSigner().key)).toBeNull();
    writeFileSync(segment(1), `x\n${readFileSync(segment(1), 'utf8')}`);
    expect(lastCheckpoint(segment(1), 1, signer.key)).toBeNull();
    // A request that says so is no checkpoint: its quotes are escaped, and nobody signed it.
    writeFileSync(segment(1), `${JSON.stringify({ reason: signed.at(-1) })}\n`);
    expect(lastCheckpoint(segment(1), 1, signer.key)).toBeNull();
  });

  it('finds it across the blocks that it reads, wherever their edges fall', async () => {
    await run(10);
    const whole = readFileSync(segment(1));
    for (const more of [1_047_700, 1_048_000, 1_048_300, 1_048_576, 1_049_000, 3_000_000]) {
      writeFileSync(segment(1), Buffer.concat([whole, Buffer.alloc(more, 'x')]));
      expect(lastCheckpoint(segment(1), 1, signer.key)?.seq).toBe(12);
    }
  });

  it('goes on behind a segment that is there only in compressed form', async () => {
    await run(20);
    compressSegment(segment(1));
    const { position, epoch, findings } = recover();
    expect([position.segment, position.offset, position.seq]).toEqual([2, 0, 22]);
    expect([epoch, findings]).toEqual([2, []]);
    await run(3);
    expect(existsSync(segment(1))).toBe(false);
    expect(recover()).toMatchObject({ position: { seq: 27 }, findings: [] });
    const bytes = readFileSync(`${segment(1)}.gz`);
    bytes[200] = (bytes[200] ?? 0) ^ 1;
    writeFileSync(`${segment(1)}.gz`, bytes);
    rmSync(segment(2));
    expect(recover().findings).toContainEqual(
      expect.objectContaining({ file: 'egress.1.jsonl.gz', reason: 'damaged', last_seq: 0 }),
    );
  });

  it('gives no number out twice where the first line is the one that is damaged', async () => {
    await run(20);
    const bytes = readFileSync(segment(1));
    bytes.fill(0, 0, 300);
    writeFileSync(segment(1), bytes);
    const { position, findings } = recover('ab'.repeat(32));
    expect(position).toMatchObject({ segment: 2, seq: 22 });
    expect(findings[0]).toMatchObject({ reason: 'damaged', last_seq: 0, offset: 0 });
  });

  it('takes a newest segment that is nobody’s for what it is, and goes on behind the one before', async () => {
    await run(20);
    writeFileSync(segment(2), 'junk\n');
    const { position, findings } = recover();
    expect(position).toMatchObject({ segment: 3, seq: 22 });
    expect(findings).toMatchObject([{ file: 'egress.2.jsonl', reason: 'damaged' }]);
  });

  it('counts the plain file where a segment is there twice', async () => {
    await run(20);
    const plain = readFileSync(segment(1));
    compressSegment(segment(1));
    writeFileSync(segment(1), plain);
    expect(recover().position).toMatchObject({ segment: 1, seq: 22 });
  });

  it('says that records are missing which were signed, and gives no id out twice', async () => {
    await run(20);
    const lines = readFileSync(segment(1), 'utf8').split('\n');
    writeFileSync(segment(1), `${lines.slice(0, 5).join('\n')}\n`);
    const { findings, epoch, position } = recover();
    // No number is given out twice either.
    expect(position).toMatchObject({ segment: 2, seq: 22 });
    const size = lines.slice(0, 5).join('\n').length + 1;
    expect(findings).toEqual([
      { file: 'egress.1.jsonl', reason: 'truncated', last_seq: 5, offset: size },
    ]);
    expect(epoch).toBe(2);
    rmSync(segment(1));
    expect(recover()).toMatchObject({
      position: { segment: 1, seq: 22 },
      epoch: 2,
      findings: [{ reason: 'truncated', last_seq: 0 }],
    });
  });

  it('looks for open flows in as many segments as may have lost a last record that waited', async () => {
    await run(20);
    expect(recover().unsettled).toEqual([{ number: 1, file: 'egress.1.jsonl' }]);
    await run(100, `"reason":"${'x'.repeat(100_000)}"`);
    const { unsettled, position } = recover();
    // 10 MB are less than what may wait in memory: all of it.
    expect(position.segment).toBeGreaterThan(10);
    expect(unsettled.map(({ number }) => number)).toEqual(
      Array.from({ length: position.segment }, (_, index) => index + 1),
    );
    // Where half a segment is as much, the newest ones do: until one that does not say "unsettled".
    const rotateBytes = 16 * MAX_WAITING_BYTES;
    for (const { file: name, number } of unsettled) {
      if (number < position.segment) compressSegment(file(name));
    }
    const few = recoverLog({ logPath: file('egress.jsonl'), rotateBytes, key: signer.key });
    expect(few.unsettled.map(({ number }) => number)).toEqual(
      unsettled.map(({ number }) => number),
    );
    const log = openLog(file('egress.jsonl'), { signer });
    log.settled();
    for (let n = 0; n < 3; n += 1) {
      log.rotate();
      log.note('stop', { reason: 'x' });
      log.flush();
    }
    const last = log.status().segment;
    await log.close();
    compressSegment(segment(last - 1));
    const settled = recoverLog({ logPath: file('egress.jsonl'), rotateBytes, key: signer.key });
    expect(settled.unsettled.map(({ number }) => number)).toEqual([last - 1, last]);
  });
});
