// `/api/state` over real files: what the status file says, the disk, the last checkpoint.

import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Status } from '../../src/shared/status.ts';
import { startViewer, type TestViewer } from '../support/start-viewer.ts';
import { writeLog } from '../support/write-log.ts';

let viewer: TestViewer;
beforeEach(async () => {
  viewer = await startViewer({ audit: 'durable' });
});
afterEach(() => viewer.close());

const STATUS: Status = {
  bootId: 'b',
  pid: process.pid,
  startedAt: 1_699_999_000_000,
  state: 'running',
  policy: { version: 3, mode: 'audit', files: {} },
  problems: [{ file: 'enforce.yaml', line: 2, column: 5, message: 'wrong' }],
  workers: [
    { number: 1, pid: 1, listening: true, policy: 3, flows: 4 },
    { number: 2, pid: 2, listening: true, policy: 2, flows: 5 },
  ],
  log: {
    healthy: true,
    problem: '',
    segment: 1,
    seq: 7,
    check: { state: 'done', segments: 1, damage: [], at: 5 },
  },
  records: { allowed: 3 },
  totals: { uninspectedBytes: 12, suspendedS: 1.5, refused: 2 },
  listeners: { proxy: { host: '127.0.0.1', port: 9999 }, viewer: null },
};

const put = (status: Partial<Status>) =>
  writeFile(join(viewer.stateDir, 'run', 'status.json'), JSON.stringify({ ...STATUS, ...status }));
const state = async () => (await viewer.ask('/api/state')).json;

describe('/api/state', () => {
  it('says what the status file says, with sums over workers and this start', async () => {
    await put({});
    expect(await state()).toMatchObject({
      alive: true,
      problems: [],
      versions: { leash: '1.2.3', node: process.version },
      uptime_s: 1000,
      open_flows: 9,
      workers: STATUS.workers,
      policy: { version: 3, mode: 'audit' },
      policy_problems: STATUS.problems,
      record: {
        audit: 'durable',
        healthy: true,
        segment: 1,
        seq: 7,
        check: { state: 'done', segments: 1, damaged: 0, at: 5 },
      },
      totals: { uninspected_bytes: 12, suspended_s: 1.5, refused: 2 },
    });
  });

  it('says what it does not know: no leash, an older one, or one that has ended', async () => {
    expect(await state()).toMatchObject({
      alive: false,
      uptime_s: null,
      open_flows: null,
      totals: null,
      policy: null,
      record: { healthy: false, checkpoint: null, check: null },
    });
    const { totals: _, ...older } = STATUS;
    const workers = [{ number: 1, pid: 1, listening: true, policy: 3 }];
    await writeFile(
      join(viewer.stateDir, 'run', 'status.json'),
      JSON.stringify({ ...older, workers }),
    );
    expect(await state()).toMatchObject({ alive: true, open_flows: null, totals: null });
    await put({ pid: 2 ** 22 + 1 });
    const gone = await state();
    expect(gone).toMatchObject({ alive: false, uptime_s: null });
    expect(gone.problems).not.toEqual([]);
  });

  it('gives the room on both disks', async () => {
    const { disk } = await state();
    expect(disk.log.total_bytes).toBeGreaterThan(disk.log.free_bytes);
    expect(disk.state.free_bytes).toBeGreaterThan(0);
    expect(disk).toMatchObject({ growth_per_day: null, days_left: null });
  });

  it('gives the last checkpoint whose signature fits, also behind one that is half written', async () => {
    await writeLog(viewer.logPath, [{ event: 'allowed' }]);
    const lines = (await readFile(viewer.logPath, 'utf8')).trim().split('\n');
    const line = lines.findLast((each) => each.includes('"event":"checkpoint"')) ?? '';
    const { seq, ts, key } = JSON.parse(line);
    const file = join(dirname(viewer.logPath), 'egress.checkpoints');
    await writeFile(file, `${line}\n${line.slice(0, 90)}`);
    const { record } = await state();
    expect(record.checkpoint).toEqual({ seq, ts, segment: 1, key });
    await writeFile(file, `${line.replace('"size":', '"size":1')}\n`);
    expect((await state()).record.checkpoint).toBeNull();
  });
});
