// A log that leash goes on with while it is verified. What happens meanwhile happens at the worst moment:
// between the look into the folder and the look into a file.

import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VerifyOptions } from '../../../../src/viewer/verify/verify-log.ts';
import { verifySegment } from '../../../../src/viewer/verify/verify-segment.ts';
import { deferred } from '../../../support/deferred.ts';
import {
  compress,
  hashOf,
  LogWriter,
  newSigner,
  textOf,
  writeSignedLog,
} from '../../../support/signed-log.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';
import { verifyHere } from '../../../support/verify-here.ts';

const signer = newSigner();
let dir: TempDir;
let writer: LogWriter;
beforeEach(async () => {
  dir = await tempDir();
  writer = new LogWriter({ signer }).records(5).checkpoint().segment().records(5).checkpoint();
  await writeSignedLog(dir.path, writer.segment().records(2).log);
});
afterEach(() => dir.close());

const pathOf = (number: number) => join(dir.path, `egress.${number}.jsonl`);
/** What the newest segment has beyond what is in its file. */
async function flush(): Promise<void> {
  for (const { number, lines } of writer.log.segments) {
    const written = await readFile(pathOf(number)).catch(() => Buffer.alloc(0));
    if (number >= 3) await appendFile(pathOf(number), textOf(lines).subarray(written.length));
  }
}
async function zip(number: number): Promise<void> {
  await writeFile(`${pathOf(number)}.gz`, compress(await readFile(pathOf(number))));
  await rm(pathOf(number));
}

/** Lets something happen before or after the first look at a segment. */
function during(number: number, when: 'before' | 'after', happen: () => Promise<void>) {
  let done = false;
  const run: VerifyOptions['run'] = async (task) => {
    const isNow = task.number === number && !done;
    if (isNow) done = true;
    if (isNow && when === 'before') await happen();
    const result = await verifySegment(task);
    if (isNow && when === 'after') await happen();
    return result;
  };
  return verifyHere(dir.path, {}, { run, graceMs: 5_000 });
}

describe('nothing that a leash does to its log while it is read makes a problem of it:', () => {
  it('a segment that is compressed', async () => {
    expect(await during(1, 'before', () => zip(1))).toMatchObject({ problems: [], records: 17 });
  });

  it('records and checkpoints that are added', async () => {
    const found = await during(3, 'before', async () => {
      writer.records(3).checkpoint();
      await flush();
      await writeFile(join(dir.path, 'egress.checkpoints'), textOf(writer.log.checkpoints ?? []));
    });
    expect(found).toMatchObject({ problems: [], records: 21, signedSeq: 21 });
  });

  it('a rotation, also where the newest one was read already', async () => {
    const found = await during(3, 'after', async () => {
      writer.records(3).checkpoint().segment().records(1);
      await flush();
    });
    expect(found).toMatchObject({ problems: [], segments: 4, records: 23 });
  });

  it('the deletion of the oldest segment, where the newest one was read already', async () => {
    const newestRead = deferred<void>();
    const run: VerifyOptions['run'] = async (task) => {
      if (task.number === 1) {
        await newestRead.promise;
        await deleteFirst();
      }
      const result = await verifySegment(task);
      if (task.number === 3) newestRead.resolve();
      return result;
    };
    const found = await verifyHere(dir.path, {}, { run });
    expect(found).toMatchObject({ problems: [], segments: 2, deleted: 1 });
  });

  it('half a line that becomes a whole one', async () => {
    const { seq } = writer;
    const line = textOf(writer.records(1).log.segments[2]?.lines.slice(-1) ?? []);
    await appendFile(pathOf(3), line.subarray(0, 50));
    const run: VerifyOptions['run'] = (task) => {
      // It has read the file to its end when it gives its promise.
      const result = verifySegment(task);
      if (task.number === 3) void flush();
      return result;
    };
    const found = await verifyHere(dir.path, {}, { run, graceMs: 30_000 });
    expect(found).toMatchObject({ problems: [], records: seq + 1, isLive: true });
  });
});

async function deleteFirst(): Promise<void> {
  const last = writer.log.segments[0]?.lines.at(-1) ?? '';
  const { seq } = JSON.parse(last);
  const fields = { number: 1, first_seq: 1, last_seq: seq, last_hash: hashOf(last), bytes: 9 };
  writer.add('segment_deleted', { file: 'egress.1.jsonl', ...fields });
  await flush();
  await rm(pathOf(1));
}

function taskOf(number: number) {
  const known = { seqs: new Float64Array(0), hashes: new Uint8Array(0) };
  const progress = new BigInt64Array(new SharedArrayBuffer(8));
  return { path: pathOf(number), number, known, graceMs: 0, progress };
}

describe('verifySegment()', () => {
  it('counts the bytes of the file, plain or compressed', async () => {
    const plain = taskOf(1);
    const result = await verifySegment(plain);
    const bytes = (await readFile(pathOf(1))).length;
    expect(result).toMatchObject({ isCompressed: false, bytes });
    expect(Number(plain.progress[0])).toBe(bytes);
    await zip(1);
    const again = taskOf(1);
    expect(await verifySegment(again)).toMatchObject({ isCompressed: true });
    expect(Number(again.progress[0])).toBe((await readFile(`${pathOf(1)}.gz`)).length);
  });

  it('gives errors as values: what crosses threads keeps no code', async () => {
    expect(await verifySegment(taskOf(9))).toMatchObject({ code: 'ENOENT' });
    expect(await verifySegment({ ...taskOf(1), path: dir.path })).toMatchObject({ code: 'EINVAL' });
  });
});
