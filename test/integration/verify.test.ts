// Two verifiers that share no code, on the same damage: both must see it, at the same record or (see
// verifiers-agree.ts) one behind it.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Given, makeDamage } from '../support/log-damage.ts';
import { DAMAGES } from '../support/log-damages.ts';
import { type RunResult, run } from '../support/run-client.ts';
import { textOf } from '../support/signed-log.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { disagreement } from '../support/verifiers-agree.ts';

const LEASHCTL = fileURLToPath(new URL('../../dist/viewer/cli/leashctl.js', import.meta.url));
const VERIFY_PY = fileURLToPath(new URL('../../docs/verify.py', import.meta.url));

let dir: TempDir;
let outside: TempDir;
beforeEach(async () => {
  dir = await tempDir();
  outside = await tempDir();
});
afterEach(async () => {
  await dir.close();
  await outside.close();
});

async function verifyTwice({ key, kept }: Given): Promise<[RunResult, RunResult]> {
  const args = [dir.path];
  if (key !== undefined) args.push('--key', key);
  if (kept !== undefined) {
    const path = join(outside.path, 'kept.checkpoints');
    await writeFile(path, textOf(kept));
    args.push('--checkpoint', path);
  }
  return Promise.all([
    run(process.execPath, [LEASHCTL, 'verify', ...args]),
    run('python3', [VERIFY_PY, ...args]),
  ]);
}

describe('leashctl verify and verify.py agree about a log with', () => {
  it.each(DAMAGES.map((damage) => [damage.name, damage] as const))('%s', async (_, damage) => {
    const [ours, theirs] = await verifyTwice(await makeDamage(dir.path, damage));
    const { outcome, seq, file } = damage.expect;
    expect([ours.stderr, theirs.stderr]).toEqual(['', '']);
    if (seq === undefined) {
      expect(ours.stdout).toMatch(/^VERIFIED \d/);
      expect(theirs.stdout).toMatch(/^\d+ records, /);
      expect([ours.code, theirs.code]).toEqual([0, 0]);
      return;
    }
    expect(ours.stdout.split('\n')[0]).toContain(`${outcome} seq ${seq} ${file} byte `);
    expect(disagreement(ours.stdout, theirs.stdout)).toBeNull();
    expect([ours.code, theirs.code]).toEqual([5, 5]);
  });
});
