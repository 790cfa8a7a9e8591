// L-02: a start on a segment of the greatest size that anybody would set, which ends within a line: all of
// it is read before the first request passes.

import { appendFileSync, closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LogRecord } from '../support/leash-records.ts';
import { LOOPBACK_POLICY, startLeash } from '../support/start-leash.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { driveLog } from './drive-log.ts';
import { report } from './report.ts';
import { scaled, within } from './scale.ts';

const MIB = 1024 * 1024;
const SIZE_MIB = scaled(128, 1024);
const RECORD_BYTES = 200_000;

let temp: TempDir;

beforeAll(async () => {
  temp = await tempDir();
});
afterAll(() => temp.close());

/** The first `log_recovered` of what was written behind a place; the file is too long for one string. */
function firstRecovery(path: string, from: number): LogRecord | undefined {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(fstatSync(fd).size - from);
    readSync(fd, bytes, 0, bytes.length, from);
    const lines = bytes.toString().split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line)).find(({ event }) => event === 'log_recovered');
  } finally {
    closeSync(fd);
  }
}

it(`L-02: leash starts on a segment of ${SIZE_MIB} MB with a torn tail, within 3 s`, async () => {
  const logs = join(temp.path, 'logs');
  await mkdir(logs);
  const perBurst = 8;
  const { result, acked } = await driveLog({
    logPath: join(logs, 'egress.jsonl'),
    rotateBytes: 4096 * MIB,
    audit: 'accepted',
    bursts: Math.ceil((SIZE_MIB * MIB) / (RECORD_BYTES * perBurst)),
    perBurst,
    bytes: RECORD_BYTES,
    giveUpMs: 30_000,
  });
  expect(result).toMatchObject({ code: 0 });
  const segment = join(logs, 'egress.1.jsonl');
  appendFileSync(segment, '{"seq":');
  const { size } = statSync(segment);
  const sinceMs = performance.now();
  const leash = await startLeash({
    dir: temp.path,
    policy: LOOPBACK_POLICY,
    env: { LEASH_ROTATE_MB: '4096' },
  });
  const startMs = performance.now() - sinceMs;
  try {
    const found = await waitFor(() => firstRecovery(segment, size - 7), { what: 'the finding' });
    report({
      check: 'L-02',
      did: `a start on a segment of ${SIZE_MIB} MB`,
      counted: { records: acked.length, 'ready after (ms)': startMs },
      sinceMs,
    });
    expect(found).toMatchObject({ reason: 'torn_tail', offset: size - 7, bytes: 7 });
    expect(found.last_seq).toBeGreaterThanOrEqual(acked.length);
    expect(startMs).toBeLessThanOrEqual(within(3_000));
  } finally {
    await leash.close();
  }
});
