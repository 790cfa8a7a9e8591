import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../../../src/shared/checkpoint.ts';
import { LIMITS } from '../../../../src/shared/limits.ts';
import { readChain } from '../../../support/log-files.ts';
import { makeSigner, openLog } from '../../../support/open-log.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

describe('openAuditLog() signs', () => {
  let temp: TempDir;
  beforeEach(async () => {
    temp = await tempDir();
  });
  afterEach(() => temp.close());

  it('every thousand records, the last one of each segment, and the end; never nothing', async () => {
    const lines: string[] = [];
    const signer = makeSigner();
    const options = { signer, onCheckpoint: (line: string) => lines.push(line) };
    const log = openLog(join(temp.path, 'egress.jsonl'), options);
    const members = `"reason":"${'x'.repeat(250)}"`;
    for (let n = 0; n < 6000; n += 1) log.append('stop', '1-0-1', members);
    log.flush();
    await log.close();
    const records = readChain(temp.path);
    const signed = records.filter(({ event }) => event === 'checkpoint');
    expect(signed.map(({ seq }) => seq)).toEqual(lines.map((line) => JSON.parse(line).seq));
    for (const line of lines) {
      expect(readCheckpoint(Buffer.from(line))).toMatchObject({ key: signer.key, epoch: 1 });
    }
    let since = 0;
    for (const { event } of records) {
      since = event === 'checkpoint' ? 0 : since + 1;
      expect(since).toBeLessThanOrEqual(LIMITS.checkpointRecords);
    }
    expect(since).toBe(0);
    const heads = records.filter(({ event }) => event === 'segment').slice(1);
    expect(heads.length).toBeGreaterThan(1);
    for (const { seq } of heads) expect(records[seq - 2]?.event).toBe('checkpoint');

    const again = openLog(join(temp.path, 'egress.jsonl'), options);
    await again.close();
    expect(readChain(temp.path)).toHaveLength(records.length);
  });
});
