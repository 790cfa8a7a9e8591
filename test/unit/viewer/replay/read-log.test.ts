// A log in files: plain and compressed segments, a window of time, flows that run from one to the other.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EMPTY_POLICY } from '../../../../src/shared/policy-source.ts';
import { scanSegments } from '../../../../src/viewer/replay/log-scan.ts';
import { readLog } from '../../../../src/viewer/replay/read-log.ts';
import type { Flips } from '../../../../src/viewer/replay/replay-count.ts';
import { compressSegment, damageMember } from '../../../support/compress-segment.ts';
import { logLine } from '../../../support/log-line.ts';
import { ORIGINAL_LOG } from '../../../support/original-log.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

let dir: TempDir;
beforeEach(async () => {
  dir = await tempDir();
});
afterEach(() => dir.close());

let ts = 1000;
const line = (event: 'intent' | 'allowed', id: string, host = 'a.test') => {
  ts += 1;
  const url = `https://${host}/`;
  return logLine({ event, id, ts, client: '10.0.0.1', host, port: 443, method: 'GET', url });
};
const segment = async (number: number, lines: readonly string[]) => {
  const path = join(dir.path, `egress.${number}.jsonl`);
  await writeFile(path, lines.map((each) => `${each}\n`).join(''));
  return path;
};

async function read(sinceS = 0) {
  let total = 0;
  const progress = new BigInt64Array(new SharedArrayBuffer(8));
  const log = await readLog({
    logPath: join(dir.path, 'egress.jsonl'),
    setup: {
      purpose: { kind: 'replay', after: EMPTY_POLICY },
      present: null,
      sinceS,
      isProxied: false,
      nowMs: 0,
    },
    pool: { width: 2, run: async (task) => scanSegments(task) },
    progress,
    onTotal: (bytes) => {
      total = bytes;
    },
  });
  const ids = (log.found as Flips).agents.flatMap(({ blocked_hosts }) => blocked_hosts);
  return { ...log, ids, isDone: Number(progress[0]) === total };
}

describe('readLog()', () => {
  it('counts each flow once, whether it ended in its segment, in a later one, or runs', async () => {
    compressSegment(
      await segment(1, [
        line('intent', 'one'),
        line('intent', 'two'),
        line('intent', 'long', 'l.test'),
        line('allowed', 'one'),
      ]),
    );
    await segment(2, [
      line('intent', 'three'),
      line('allowed', 'two'),
      line('intent', 'runs', 'r.test'),
    ]);
    await segment(3, [line('allowed', 'three'), '{"torn']);
    const log = await read();
    expect(log).toMatchObject({ segments: 3, unread: [], knowsRunning: true, isDone: true });
    expect(log.counts).toMatchObject({ asks: 5, unclear: 0, damaged: 1 });
    expect(log.ids.map(({ host, count }) => [host, count])).toEqual([
      ['a.test:443', 3],
      ['l.test:443', 1],
      ['r.test:443', 1],
    ]);
  });

  it('leaves out what is older than the window, and segments that are', async () => {
    ts = 1000;
    await segment(1, [line('allowed', 'one')]);
    ts = 2000;
    const early = line('allowed', 'two');
    ts = 2100;
    await segment(2, [early, line('allowed', 'three')]);
    ts = 3000;
    await segment(3, [line('allowed', 'four')]);
    const log = await read(2101);
    expect(log).toMatchObject({ segments: 2, span: { first: 2101, last: 3001 } });
    expect(log.counts.asks).toBe(2);
  });

  it('says what of a damaged segment it could not read, and reads on with the next', async () => {
    const lines = Array.from({ length: 2000 }, (_, n) => line('allowed', `1-1-${n}`));
    const path = await segment(1, lines);
    compressSegment(path);
    damageMember(`${path}.gz`, 1, 200);
    await segment(2, [line('allowed', 'two')]);
    const log = await read();
    expect(log.unread).toEqual([expect.stringContaining('egress.1.jsonl: byte ')]);
    expect(log.counts.asks).toBeGreaterThan(1);
    expect(log.counts.asks).toBeLessThan(2001);
  });

  it('reads the file of the original, before its first start and behind it', async () => {
    await writeFile(join(dir.path, 'egress.jsonl'), ORIGINAL_LOG);
    const log = await read();
    expect(log).toMatchObject({ segments: 1, counts: { asks: 1, standing: 1 } });
    expect(log.ids.map(({ host }) => host)).toEqual(['api.old.test:443']);
  });

  it('goes past a line that is longer than any record, and a line over the border of two pieces', async () => {
    const long = `{"x":"${'x'.repeat(2_500_000)}"}`;
    await segment(1, [long, line('allowed', 'one')]);
    expect((await read()).counts).toMatchObject({ asks: 1, unclear: 0 });
  });

  it('has nothing to say of a folder without a log', async () => {
    expect(await read()).toMatchObject({ segments: 0, span: null, counts: { lines: 0 } });
  });
});
