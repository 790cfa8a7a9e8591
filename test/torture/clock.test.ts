// L-15: the clock of the machine jumps by days while the log is written: the order of the record is
// its numbers and its chain, and segments have numbers, so nothing of it hangs on the clock.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { driveLog, recoverFolder } from './drive-log.ts';
import { report } from './report.ts';
import { verifyFolder } from './verify-folder.ts';

const ROTATE_BYTES = 3_000;
const TWO_DAYS_MS = 2 * 86_400_000;

let temp: TempDir;

beforeAll(async () => {
  temp = await tempDir();
});
afterAll(() => temp.close());

it.each([
  { name: 'two days back, then forth', steps: [-TWO_DAYS_MS, TWO_DAYS_MS] },
  { name: 'two days forth, then back', steps: [TWO_DAYS_MS, -TWO_DAYS_MS] },
  // A machine whose clock has no battery.
  { name: 'back to 1970, then forth', steps: [-Date.now() + 1_000, Date.now()] },
])(
  'L-15: a clock that goes $name breaks no number, no link and no segment',
  async ({ name, steps }) => {
    const sinceMs = performance.now();
    const dir = join(temp.path, name.replaceAll(' ', '-'));
    await mkdir(dir);
    const logPath = join(dir, 'egress.jsonl');
    const [first = 0, second = 0] = steps;
    const stepMs = [0, 0, 0, first, 0, 0, 0, second];
    const options = { bursts: 12, perBurst: 3, bytes: 100, giveUpMs: 5_000, stepMs };
    const acked: string[] = [];
    // Started twice: a start, too, finds records that are younger than its clock says.
    for (let start = 0; start < 2; start += 1) {
      const driven = await driveLog({
        logPath,
        rotateBytes: ROTATE_BYTES,
        audit: 'durable',
        ...options,
      });
      expect(driven.result).toMatchObject({ code: 0 });
      acked.push(...driven.acked);
    }
    await recoverFolder(logPath, ROTATE_BYTES);
    const { records, intents, problems } = verifyFolder(dir);
    const segments = records.filter(({ event }) => event === 'segment');
    const times = records.map(({ ts }) => ts);
    const back = times.filter((ts, index) => index > 0 && ts < (times[index - 1] ?? ts)).length;
    const counted = {
      records: records.length,
      'steps back in time': back,
      segments: new Set(segments.map(({ number }) => number)).size,
      'gaps or links broken': problems.length,
    };
    report({ check: 'L-15', did: `the clock goes ${name}`, counted, sinceMs });
    expect(problems).toEqual([]);
    expect(back).toBeGreaterThan(0);
    expect(counted.segments).toBeGreaterThan(8);
    expect(intents).toEqual(acked);
  },
);
