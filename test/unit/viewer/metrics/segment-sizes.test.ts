import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SegmentSizes } from '../../../../src/viewer/metrics/segment-sizes.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

describe('SegmentSizes', () => {
  let temp: TempDir;
  beforeEach(async () => {
    temp = await tempDir();
  });
  afterEach(() => temp.close());
  const put = (name: string, bytes: number) =>
    writeFile(join(temp.path, name), Buffer.alloc(bytes));

  it('adds up segments of both kinds, and nothing else in the folder', async () => {
    const sizes = new SegmentSizes(join(temp.path, 'egress.jsonl'));
    expect(await sizes.read()).toEqual({ plain: 0, compressed: 0, bytes: 0 });
    await put('egress.1.jsonl.gz', 5);
    await put('egress.2.jsonl', 10);
    await put('egress.reserve', 1000);
    await put('other.3.jsonl', 1000);
    expect(await sizes.read()).toEqual({ plain: 1, compressed: 1, bytes: 15 });
    await put('egress.2.jsonl', 12);
    await put('egress.3.jsonl', 1);
    expect(await sizes.read()).toEqual({ plain: 2, compressed: 1, bytes: 18 });
    await rm(join(temp.path, 'egress.1.jsonl.gz'));
    expect(await sizes.read()).toEqual({ plain: 2, compressed: 0, bytes: 13 });
  });

  it('says that it does not know where the folder cannot be read', async () => {
    expect(await new SegmentSizes(join(temp.path, 'none', 'egress.jsonl')).read()).toBeNull();
  });
});
