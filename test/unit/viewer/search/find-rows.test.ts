import { appendFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFolder, listSegments } from '../../../../src/viewer/store/log-folder.ts';
import {
  type LogParams,
  type LogQuery,
  parseLogQuery,
} from '../../../../src/viewer/store/log-params.ts';
import type { Page } from '../../../../src/viewer/store/page.ts';
import { compressSegment, damageMember } from '../../../support/compress-segment.ts';
import { logLine } from '../../../support/log-line.ts';
import { searchLog } from '../../../support/search-log.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';
import { type Entry, writeLog } from '../../../support/write-log.ts';

let dir: TempDir;
let logPath: string;
beforeEach(async () => {
  dir = await tempDir();
  logPath = join(dir.path, 'egress.jsonl');
});
afterEach(() => dir.close());

const search = (params: LogParams, now = () => 0) =>
  searchLog(
    { log: new LogFolder(logPath), now, nowMs: () => 0 },
    parseLogQuery(params) as LogQuery,
  );
const hosts = (page: Page) => page.rows.map((row) => row.host);
const allowed = (n: number, size = 0): Entry => ({
  event: 'allowed',
  id: `1-1-${n}`,
  host: `h${n}.test`,
  res_body: 'x'.repeat(size),
});

/** Follows the cursors to the beginning of the log. */
async function readAll(params: LogParams): Promise<string[]> {
  const found: string[] = [];
  for (let before: string | null = ''; before !== null; ) {
    const page: Page = await search({ ...params, before });
    found.push(...hosts(page));
    expect(page.more).toBe(page.cursor !== null);
    before = page.cursor;
  }
  return found;
}

describe('searchLog()', () => {
  it('searchLog() gives pages that join across segments, each row once, newest first', async () => {
    const entries = Array.from({ length: 60 }, (_, n) => allowed(n, 20_000));
    await writeLog(logPath, entries, 150_000);
    expect((await listSegments(logPath)).length).toBeGreaterThan(5);
    const expected = entries.map(({ host }) => host).reverse();
    for (const limit of ['1', '7', '60', '1000']) {
      expect(await readAll({ limit })).toEqual(expected);
    }
  });

  it('searchLog() goes on before the record with a number', async () => {
    await writeLog(
      logPath,
      Array.from({ length: 9 }, (_, n) => allowed(n)),
    );
    const all = (await search({})).rows;
    const fifth = all[4];
    expect(hosts(await search({ before: String(fifth?.seq) }))).toEqual(
      all.slice(5).map((row) => row.host),
    );
    expect(hosts(await search({ before: '1' }))).toEqual([]);
    expect(hosts(await search({ before: '999999' }))).toHaveLength(9);
  });

  it('searchLog() gives only what came after a place, and then nothing until more comes', async () => {
    await writeLog(logPath, [allowed(1), allowed(2)]);
    const { newest } = await search({});
    const after = { after: newest ?? '' };
    expect((await search(after)).rows).toEqual([]);
    await writeLog(logPath, [allowed(3), allowed(4)], 1);
    const page = await search(after);
    expect(hosts(page)).toEqual(['h4.test', 'h3.test']);
    expect(page).toMatchObject({ cursor: null, more: false });
    expect((await search({ after: page.newest ?? '' })).rows).toEqual([]);
  });

  it('searchLog() does not show half a line, and shows it once it is whole', async () => {
    await writeLog(logPath, [allowed(1)]);
    const line = logLine({ event: 'allowed', seq: 99, id: '1-1-9', host: 'late.test' });
    await appendFile(logPath, line.slice(0, 120));
    const { newest } = await search({});
    expect(hosts(await search({}))).toEqual(['h1.test']);
    await appendFile(logPath, `${line.slice(120)}\n`);
    expect(hosts(await search({ after: newest ?? '' }))).toEqual(['late.test']);
    expect(hosts(await search({}))).toEqual(['late.test', 'h1.test']);
  });

  it('searchLog() ends after its time with a cursor, and loses no row by that', async () => {
    await writeLog(
      logPath,
      Array.from({ length: 40 }, (_, n) => allowed(n, 50_000)),
    );
    const hour = () => {
      clock += 3_600_000;
      return clock;
    };
    let clock = 0;
    const first = await search({ q: 'h0.test' }, hour);
    expect(first.rows).toEqual([]);
    expect(first).toMatchObject({ more: true, searchedBackTo: expect.any(Number) });
    let page = first;
    for (let n = 0; page.cursor !== null && n < 100; n += 1) {
      page = await search({ q: 'h0.test', before: page.cursor }, hour);
      if (page.rows.length > 0) break;
    }
    expect(hosts(page)).toEqual(['h0.test']);
    expect(page.searchedBackTo).toBeLessThan(first.searchedBackTo ?? 0);
  });

  it('searchLog() names segments it could not read, and counts lines that are too long', async () => {
    await writeLog(logPath, [allowed(1), allowed(2)], 1);
    const [first = 0, second = 0] = await listSegments(logPath);
    const named = (segment: number) => join(dir.path, `egress.${segment}.jsonl`);
    await rename(named(first), `${named(first)}.gz`);
    await appendFile(named(second), `${'x'.repeat(400_000)}\n`);
    expect((await search({})).skipped).toEqual({ lines: 1, segments: [first] });
  });

  it('searchLog() goes on with its cursor when the segment was compressed meanwhile', async () => {
    const entries = Array.from({ length: 60 }, (_, n) => allowed(n, 20_000));
    await writeLog(logPath, entries, 500_000);
    const found: string[] = [];
    const numbers = (await listSegments(logPath)).slice(0, -1);
    for (let before: string | null = ''; before !== null; ) {
      const page: Page = await search({ limit: '5', before });
      found.push(...hosts(page));
      before = page.cursor;
      const newest = numbers.pop();
      if (newest !== undefined) compressSegment(join(dir.path, `egress.${newest}.jsonl`));
    }
    expect(found).toEqual(entries.map(({ host }) => host).reverse());
    expect(await readAll({ limit: '7' })).toEqual(found);
  });

  it('searchLog() says what is damaged, and gets past it, however little time it has', async () => {
    await writeLog(logPath, [
      allowed(0),
      ...Array.from({ length: 90 }, (_, n) => allowed(n, 30_000)),
    ]);
    const path = join(dir.path, 'egress.1.jsonl');
    compressSegment(path);
    for (let member = 1; member < 9; member += 1) damageMember(`${path}.gz`, member, 50);
    expect((await search({ limit: '1000' })).skipped).toEqual({ lines: 0, segments: [1] });
    let clock = 0;
    const hour = () => {
      clock += 3_600_000;
      return clock;
    };
    const found: string[] = [];
    for (let before: string | null = ''; before !== null; ) {
      const page: Page = await search({ before }, hour);
      found.push(...hosts(page));
      before = page.cursor;
    }
    expect(found.at(0)).toBe('h89.test');
    expect(found.at(-1)).toBe('h0.test');
    expect(found.length).toBeLessThan(30);
  });

  it('searchLog() reads on in the file of the original', async () => {
    await writeFile(
      join(dir.path, 'egress.0.jsonl'),
      '{"ts": 1, "event": "allowed", "id": "x", "host": "old.test"}\n',
    );
    await writeLog(logPath, [allowed(1)]);
    expect(hosts(await search({}))).toEqual(['h1.test', 'old.test']);
    expect(hosts(await search({ before: '2' }))).toEqual(['old.test']);
  });

  it('searchLog() finds nothing where there is no log', async () => {
    await rm(dir.path, { recursive: true });
    expect(await search({})).toEqual({
      rows: [],
      cursor: null,
      newer: null,
      more: false,
      searchedBackTo: null,
      newest: null,
      notes: [],
      skipped: { lines: 0, segments: [] },
    });
  });
});
