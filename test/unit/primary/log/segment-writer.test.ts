import { readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Entry, SegmentWriter } from '../../../../src/primary/log/segment-writer.ts';
import { MAX_RECORD_BYTES } from '../../../../src/shared/audit-event.ts';
import { GENESIS } from '../../../../src/shared/audit-line.ts';
import { limitFileSize, unlimitFileSize } from '../../../support/limit-file-size.ts';
import { readChain } from '../../../support/log-files.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

const START = { segment: 1, offset: 0, seq: 0, prev: GENESIS };
const stop = (n: number, reason = 'x'): Entry => ({
  event: 'stop',
  id: `1-0-${n}`,
  members: `"reason":"${reason}"`,
  tsMs: 1_700_000_000_000 + n,
});

describe('SegmentWriter', () => {
  let temp: TempDir;
  let logPath: string;
  beforeEach(async () => {
    temp = await tempDir();
    logPath = join(temp.path, 'egress.jsonl');
  });
  afterEach(() => temp.close());

  it('writes lines that start with what only the primary may say', () => {
    const writer = new SegmentWriter(logPath, START);
    expect(writer.append([stop(1), { ...stop(2), members: Buffer.from('"reason":"ü"') }], 0)).toBe(
      2,
    );
    writer.close();
    const [first, second] = readFileSync(logPath, 'utf8').split('\n');
    expect(first).toBe(
      `{"seq":1,"prev":"${GENESIS}","ts":1700000000.001,"event":"stop","id":"1-0-1","reason":"x"}`,
    );
    expect(second).toMatch(
      /^\{"seq":2,"prev":"[0-9a-f]{64}","ts":1700000000.002,.*"reason":"ü"\}$/,
    );
    expect(readChain(temp.path)).toHaveLength(2);
  });

  it('says which worker a record is of, by its id alone', () => {
    const writer = new SegmentWriter(logPath, START);
    const of = (id: string): Entry => ({ ...stop(1), event: 'error', id });
    writer.append([of('1-12-7'), of('12-0-7'), of('1')], 0);
    writer.close();
    const lines = readFileSync(logPath, 'utf8').split('\n');
    expect(lines[0]).toContain(',"id":"1-12-7","worker":12,"reason":"x"}');
    expect(lines[1]).toContain(',"id":"12-0-7","reason":"x"}');
    expect(lines[2]).toContain(',"id":"1","reason":"x"}');
  });

  it('points LOG_PATH at the live segment, readable by the group alone', () => {
    const writer = new SegmentWriter(logPath, START);
    writer.append([stop(1)], 0);
    writer.rotate();
    writer.append([stop(2)], 0);
    writer.close();
    expect(readlinkSync(logPath)).toBe('egress.2.jsonl');
    expect(statSync(logPath).mode & 0o777).toBe(0o640);
    expect(readChain(temp.path).map(({ id }) => id)).toEqual(['1-0-1', '1-0-2']);
  });

  it('takes as many records as one batch holds, the longest included', () => {
    const writer = new SegmentWriter(logPath, START);
    const long = Array.from({ length: 9 }, (_, n) => stop(n, 'x'.repeat(MAX_RECORD_BYTES - 300)));
    const first = writer.append(long, 0);
    expect(first).toBe(4);
    for (let done = first; done < long.length; ) done += writer.append(long, done);
    writer.close();
    expect(readChain(temp.path)).toHaveLength(9);
  });

  it('cuts the file back after a write that failed half way', () => {
    // Invariant: a record lies in one segment; after any failure the file is cut back to its last whole line.
    const writer = new SegmentWriter(logPath, START);
    writer.append([stop(1)], 0);
    const { bytes } = writer;
    limitFileSize(bytes + 100);
    try {
      expect(() => writer.append([stop(2), stop(3)], 0)).toThrow('EFBIG');
    } finally {
      unlimitFileSize();
    }
    expect(statSync(logPath).size).toBe(bytes);
    expect([writer.bytes, writer.seq]).toEqual([bytes, 1]);
    writer.append([stop(4)], 0);
    writer.close();
    expect(readChain(temp.path).map(({ id }) => id)).toEqual(['1-0-1', '1-0-4']);
  });

  it('does not write into a file that another program made', () => {
    const writer = new SegmentWriter(logPath, START);
    writer.append([stop(1)], 0);
    writeFileSync(join(temp.path, 'egress.2.jsonl'), 'theirs\n');
    expect(() => writer.rotate()).toThrow('is not empty');
    writer.append([stop(2)], 0);
    writer.close();
    expect(readFileSync(join(temp.path, 'egress.2.jsonl'), 'utf8')).toBe('theirs\n');
    expect(readlinkSync(logPath)).toBe('egress.1.jsonl');
  });

  it('has earlier segments on the disk, too, when sync() resolves', async () => {
    const writer = new SegmentWriter(logPath, START);
    for (let n = 1; n <= 50; n += 1) {
      writer.append([stop(n)], 0);
      writer.rotate();
    }
    await writer.sync();
    await writer.sync();
    writer.append([stop(51)], 0);
    writer.close();
    expect(readChain(temp.path)).toHaveLength(51);
  });
});
