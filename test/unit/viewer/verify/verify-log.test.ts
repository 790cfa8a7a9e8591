import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatVerdict } from '../../../../src/viewer/verify/verdict-text.ts';
import { makeDamage } from '../../../support/log-damage.ts';
import { DAMAGES } from '../../../support/log-damages.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';
import { verifyHere } from '../../../support/verify-here.ts';

let dir: TempDir;
beforeEach(async () => {
  dir = await tempDir();
});
afterEach(() => dir.close());

describe('verifyLog() says of a log with', () => {
  it.each(DAMAGES.map((damage) => [damage.name, damage] as const))('%s', async (_, damage) => {
    const given = await makeDamage(dir.path, damage);
    const found = await verifyHere(dir.path, given);
    const [first = 'nothing'] = formatVerdict(found, { keys: [], from: '' }).split('\n');
    const { outcome, seq, file } = damage.expect;
    if (seq === undefined) expect(first).toMatch(/^VERIFIED /);
    else expect(first).toContain(`${outcome} seq ${seq} ${file} byte `);
  });
});
