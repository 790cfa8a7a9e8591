import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseQuery, type Query } from '../../../../src/shared/query.ts';
import { IndexKeeper } from '../../../../src/viewer/index/index-keeper.ts';
import { readFacets } from '../../../../src/viewer/search/facets.ts';
import { Searcher } from '../../../../src/viewer/search/searcher.ts';
import { LogFolder } from '../../../../src/viewer/store/log-folder.ts';
import { logLine } from '../../../support/log-line.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

let dir: TempDir;
beforeEach(async () => {
  dir = await tempDir();
});
afterEach(() => dir.close());

describe('readFacets()', () => {
  it('lists the busiest host also where more names than a dictionary holds came before it', async () => {
    const host = (n: number) => (n < 65_600 ? `j${n}.test` : 'exfil.evil.test');
    const lines = Array.from({ length: 66_600 }, (_, n) =>
      logLine({ event: 'blocked', seq: n + 1, id: `1-1-${n}`, host: host(n), ts: n + 1 }),
    );
    const logPath = join(dir.path, 'egress.jsonl');
    await writeFile(join(dir.path, 'egress.1.jsonl'), `${lines.join('\n')}\n`);
    await mkdir(join(dir.path, 'state'));
    const log = new LogFolder(logPath);
    const keeper = new IndexKeeper({ log, logPath, stateDir: join(dir.path, 'state') });
    await keeper.settled();
    const searcher = new Searcher({ log, now: () => 0, nowMs: () => 0 }, keeper);
    const query = parseQuery('') as Query;
    const ask = { fields: ['host'] as const, limit: 1, prefix: '' };
    const busiest = {
      fields: { host: [{ value: 'exfil.evil.test', count: 1000 }] },
      total: 66_600,
    };
    expect(await readFacets(searcher, query, ask)).toMatchObject(busiest);
    const some = await readFacets(searcher, query, { ...ask, prefix: 'evil' });
    expect(some).toMatchObject({ ...busiest, complete: true });
    await keeper.close();
  }, 60_000);
});
