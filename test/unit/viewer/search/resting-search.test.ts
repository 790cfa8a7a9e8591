// What a search does with its rests. The clock and the share are the test's own.

import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseQuery, type Query } from '../../../../src/shared/query.ts';
import { IndexKeeper } from '../../../../src/viewer/index/index-keeper.ts';
import { readFacets } from '../../../../src/viewer/search/facets.ts';
import { findPage, findRows } from '../../../../src/viewer/search/find-rows.ts';
import { readHistogram } from '../../../../src/viewer/search/histogram.ts';
import { Searcher } from '../../../../src/viewer/search/searcher.ts';
import { LogFolder } from '../../../../src/viewer/store/log-folder.ts';
import { type LogQuery, parseLogQuery } from '../../../../src/viewer/store/log-params.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';
import { writeLog } from '../../../support/write-log.ts';

/** Three megabytes, which are read in blocks of 256 KiB. */
const RECORDS = 60;
const RECORD_BYTES = 50_000;

let dir: TempDir;
let keeper: IndexKeeper;
let searcher: Searcher;
let now: number;
let rests: number;
/** How long each rest takes. */
let restMs: number;
let aborted: AbortController;
/** Whoever waited goes away during the first rest. */
let leavesAtRest: boolean;

beforeEach(async () => {
  dir = await tempDir();
  const logPath = join(dir.path, 'egress.jsonl');
  const entries = Array.from({ length: RECORDS }, (_, n) => ({
    ...{ event: 'allowed' as const, id: `1-1-${n}`, host: 'one.test' },
    res_body: 'x'.repeat(RECORD_BYTES),
  }));
  await writeLog(logPath, entries);
  const log = new LogFolder(logPath);
  keeper = new IndexKeeper({ log, logPath: '', stateDir: '' });
  await keeper.close();
  [now, rests, restMs] = [0, 0, 0];
  aborted = new AbortController();
  leavesAtRest = false;
  const share = {
    begin: () => async () => {
      rests += 1;
      if (leavesAtRest) aborted.abort();
      now += restMs;
      return restMs;
    },
  };
  const deps = { log, now: () => now, nowMs: () => now };
  searcher = new Searcher(deps, keeper, { share });
});
afterEach(() => dir.close());

const logQuery = (q: string) => parseLogQuery({ q, limit: '100' }) as LogQuery;
const ask = { fields: ['host'] as const, limit: 1, prefix: '' };

describe('a search beside requests', () => {
  it('rests between its steps, which does not count as its time', async () => {
    restMs = 10_000;
    const page = await findPage(searcher, logQuery('host:one.test'), aborted.signal);
    expect(page.rows).toHaveLength(RECORDS);
    expect(page.cursor).toBeNull();
    expect(rests).toBeGreaterThan(3);
  });

  it('so do facets and the histogram', async () => {
    restMs = 10_000;
    const query = parseQuery('') as Query;
    const facets = await readFacets(searcher, query, ask);
    expect(facets).toMatchObject({ total: RECORDS, complete: true });
    const afterFacets = rests;
    expect(afterFacets).toBeGreaterThan(3);
    expect(await readHistogram(searcher, query, 10)).toMatchObject({ complete: true });
    expect(rests).toBeGreaterThan(afterFacets);
  });

  it('ends when nobody waits for it any more', async () => {
    aborted.abort();
    const { cursor } = await findPage(searcher, logQuery('host:none.test'), aborted.signal);
    expect(cursor).not.toBeNull();
    const query = parseQuery('') as Query;
    const facets = await readFacets(searcher, query, ask, aborted.signal);
    expect(facets.complete).toBe(false);
    expect(rests).toBe(0);
  });

  it('ends behind the rest in which somebody went away', async () => {
    leavesAtRest = true;
    const { cursor, rows } = await findPage(searcher, logQuery(''), aborted.signal);
    expect(rests).toBe(1);
    expect(rows.length).toBeLessThan(RECORDS);
    expect(cursor).not.toBeNull();
  });

  it('does not rest where others wait for what it finds: the stream, trials, exports', async () => {
    restMs = 10_000;
    const { rows } = await findRows(searcher, logQuery('host:one.test'));
    expect(rows).toHaveLength(RECORDS);
    expect(rests).toBe(0);
  });
});
