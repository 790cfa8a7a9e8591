// The index is derived from the lines: whatever is asked, both give the same rows.

import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditRecord } from '../../src/shared/audit-event.ts';
import { IndexKeeper } from '../../src/viewer/index/index-keeper.ts';
import { readFacets } from '../../src/viewer/search/facets.ts';
import { findRows } from '../../src/viewer/search/find-rows.ts';
import { readHistogram } from '../../src/viewer/search/histogram.ts';
import { Searcher } from '../../src/viewer/search/searcher.ts';
import { LogFolder } from '../../src/viewer/store/log-folder.ts';
import { type LogParams, type LogQuery, parseLogQuery } from '../../src/viewer/store/log-params.ts';
import type { Page } from '../../src/viewer/store/page.ts';
import type { Row } from '../../src/viewer/store/row.ts';
import { RowFilter } from '../../src/viewer/store/row-filter.ts';
import { readLinesBackward } from '../../src/viewer/store/segment-reader.ts';
import { randomLog, writeRandomLog } from '../support/random-log.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';

let dir: TempDir;
beforeEach(async () => {
  dir = await tempDir();
});
afterEach(() => dir.close());

const term = fc.constantFrom(
  ...['host:api.test', 'host:*.api.test', '-host:evil.test', 'host:x*', 'client:10.0.0.1,ci'],
  ...['client:*', 'agent:builder', '-agent:*', 'method:post', 'status:2xx', 'status:>=400'],
  ...['-status:200', 'port:443', 'port:>443', 'policy:2', 'bytes:>1kb', 'sent:17', 'took:>1s'],
  ...[
    'class:allowed',
    'class:would_block',
    'class:running,blocked',
    '-class:event',
    'class:damaged',
  ],
  ...['is:internet', '-is:internet', 'is:truncated', 'is:unchained', 'is:truncated,unchained'],
  ...['since:1700000010', 'until:1700000020', '-since:1700000015', 'reason:not*', 'rule:"of all"'],
  ...[
    'needle',
    'NEEDLE',
    'nginx',
    '"x-trace: abc"',
    '" nginx"',
    '" bearer"',
    '": bearer"',
    '-" nginx"',
    '-nginx',
    'ab',
    'İstanbul',
    'i̇stan',
    'absent-text',
  ],
  ...[
    'header:server',
    'header:"server: ng"',
    '-header:abc',
    'url:*messages*',
    'url:*/a',
    '-url:*b*',
  ],
  ...['id:1-1-*', 'id:1-1-3', 'event:allowed', 'rule:api.test', '"log_recovered"', '1-1-7'],
);
const bodyTerm = fc.constantFrom(
  'body:needle',
  '-body:needle',
  'body:"a\\"b"',
  'body:nee,dle',
  'body:ü',
);
const query = fc
  .tuple(fc.array(term, { maxLength: 2 }), fc.option(bodyTerm, { freq: 3 }))
  .map(([terms, ofBody]) => [...terms, ...(ofBody === null ? [] : [ofBody])].join(' '));

/** All rows, newest first, by nothing but the lines. */
async function reference(log: LogFolder, q: string): Promise<Row[]> {
  const parsed = parse({ q });
  const ofBody = parsed.query.terms.filter(({ field }) => field === 'body');
  const others = parsed.query.terms.filter(({ field }) => field !== 'body');
  const filter = new RowFilter({ terms: others, notes: [] }, { fromEnd: true, nowS: 0 });
  const records: { row: Row; record: AuditRecord }[] = [];
  const lines: { at: string; text: string }[] = [];
  for await (const batch of readLinesBackward(log)) {
    for (const { segment, start, bytes } of batch.lines) {
      if (bytes === null) continue;
      const at = `${segment}:${start}`;
      lines.push({ at, text: bytes.toString() });
      const found = filter.take(bytes, at);
      if (found !== null) records.push(found);
    }
  }
  return records
    .filter(({ row, record }) => {
      const older = lines.slice(lines.findIndex(({ at }) => at === row.at) + 1);
      const bodies = bodiesOf(record, older).map((text) => text.toLowerCase());
      return ofBody.every(
        ({ values, negated }) =>
          values.some((v) => bodies.some((b) => b.includes(v.toLowerCase()))) !== negated,
      );
    })
    .map(({ row }) => row);
}

function bodiesOf(record: AuditRecord, older: readonly { text: string }[]): string[] {
  const own = [record.req_body, record.res_body, record.body].flatMap((text) => String(text ?? ''));
  const stated = Number(record.req_parts ?? record.parts ?? 0);
  if (stated === 0) return own;
  const isSocket = record.event === 'websocket';
  const parts = older
    .map(({ text }) => parseJson(text))
    .filter((part) => part?.id === record.id && (isSocket ? part.more : part.event === 'part'))
    .slice(0, stated)
    .map((part) => String(part?.body ?? ''));
  return [...own, parts.reverse().join('')];
}

function parseJson(text: string): AuditRecord | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const parse = (params: LogParams) => parseLogQuery(params) as LogQuery;
const places = (rows: readonly Row[]) => rows.map(({ at }) => at);

async function readOlder(searcher: Searcher, q: string, limit: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (let before: string | null = ''; before !== null; ) {
    const page: Page = await findRows(searcher, parse({ q, limit, before }));
    rows.push(...page.rows);
    before = page.cursor;
  }
  return rows;
}

async function readNewer(searcher: Searcher, q: string, limit: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (let after: string | null = ''; after !== null; ) {
    const page: Page = await findRows(searcher, parse({ q, limit, after, order: 'oldest' }));
    rows.unshift(...page.rows);
    after = page.newer;
  }
  return rows;
}

describe('a search', () => {
  it('gives the same rows by the index and by the lines, in both directions, and counts them', async () => {
    await fc.assert(
      fc.asyncProperty(
        randomLog,
        fc.array(query, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
        async (random, queries, size, known) => {
          const folder = await mkdtemp(join(dir.path, 'log-'));
          const state = join(folder, 'state');
          await mkdir(state);
          writeRandomLog(folder, random);
          const logPath = join(folder, 'egress.jsonl');
          const log = new LogFolder(logPath);
          const deps = { log, now: () => 0, nowMs: () => 0 };
          const keeper = new IndexKeeper({ log, logPath, stateDir: state });
          try {
            await keeper.settled();
            const searcher = new Searcher(deps, keeper);
            const some = new Searcher(deps, partly(keeper, known));
            const none = new Searcher(deps, partly(keeper, []));
            for (const q of queries) {
              const rows = await reference(log, q);
              const expected = places(rows);
              const limit = String(size);
              expect(await readOlder(searcher, q, limit), q).toEqual(rows);
              expect(places(await readNewer(searcher, q, limit)), q).toEqual(expected);
              // Without the index of each newer segment, only a page from the end knows what is running.
              expect(places(await readOlder(some, q, '1000')), q).toEqual(expected);
              expect(places(await readOlder(none, q, '1000')), q).toEqual(expected);
              const ended = places(rows.filter((row) => row.class !== 'running'));
              expect(places(await readNewer(none, q, limit)), q).toEqual(ended);
              await expectCounts(searcher, q, rows);
              await expectCounts(some, q, rows);
            }
          } finally {
            await keeper.close();
          }
        },
      ),
      { numRuns: Number(process.env.SEARCH_RUNS ?? 25) },
    );
  }, 600_000);
});

async function expectCounts(searcher: Searcher, q: string, rows: readonly Row[]): Promise<void> {
  const { query } = parse({ q });
  const ask = { fields: ['host', 'class', 'status'] as const, limit: 100, prefix: '' };
  const facets = await readFacets(searcher, query, ask);
  expect(facets.total, q).toBe(rows.length);
  const names = [...new Set(rows.map((row) => row.class))];
  const sizes = names.map((name) => [name, rows.filter((row) => row.class === name).length]);
  const found = (facets.fields.class ?? []).map(({ value, count }) => [value, count]);
  expect(found.sort(), q).toEqual(sizes.sort());
  const bars = (await readHistogram(searcher, query, 7)).buckets;
  const counted = bars.flatMap(({ counts }) => Object.values(counts));
  expect(
    counted.reduce((sum, count) => sum + count, 0),
    q,
  ).toBe(rows.length);
}

/** The same indexes, as if only those of some segments were made. */
function partly(keeper: IndexKeeper, known: readonly boolean[]): IndexKeeper {
  return new Proxy(keeper, {
    get(target, name) {
      if (name === 'hasGap') return () => true;
      if (name === 'get') return (n: number) => (known[n] ? target.get(n) : null);
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
