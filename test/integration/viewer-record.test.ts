// The viewer's API over a folder as it is after years: the file of the original, compressed segments,
// one that is there twice, one that is damaged, and what the primary says about it.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Row } from '../../src/viewer/store/row.ts';
import { compressSegment, damageMember } from '../support/compress-segment.ts';
import { ORIGINAL_LOG } from '../support/original-log.ts';
import { startViewer, type TestViewer } from '../support/start-viewer.ts';
import { type Entry, writeLog } from '../support/write-log.ts';

let viewer: TestViewer;
let segment: (number: number) => string;
beforeEach(async () => {
  viewer = await startViewer();
  segment = (number) => join(viewer.dir, 'logs', `egress.${number}.jsonl`);
});
afterEach(async () => {
  expect(viewer.errors).toEqual([]);
  await viewer.close();
});

const ENTRIES = Array.from({ length: 120 }, (_, n): Entry => {
  const headers = { req_headers: [['X-N', String(n)]], res_body: 'x'.repeat(9000) };
  return { event: 'allowed', id: `1-1-${n}`, client: '10.0.0.1', host: `h${n}.test`, ...headers };
});
const HOSTS = ENTRIES.map(({ host }) => host).reverse();

/** All rows by pages of a few, and what was skipped on the way. */
async function readAll(params = 'limit=17') {
  const rows: Row[] = [];
  const skipped = new Set<number>();
  for (let before = ''; ; ) {
    const { json } = await viewer.ask(`/api/logs?${params}&before=${before}`);
    rows.push(...json.rows);
    for (const number of json.skipped.segments) skipped.add(number);
    if (json.cursor === null) return { rows, skipped: [...skipped] };
    before = json.cursor;
  }
}

/** Six segments or so: most compressed, one also plain, the last plain. */
async function fill(): Promise<void> {
  await writeFile(viewer.logPath, ORIGINAL_LOG);
  await writeLog(viewer.logPath, ENTRIES, 200_000);
  compressSegment(segment(0));
  compressSegment(segment(1));
  compressSegment(segment(2), 'keep');
  compressSegment(segment(3));
}

describe('a folder with plain and compressed segments', () => {
  it('is listed, searched and read like a plain one', async () => {
    await fill();
    const { rows, skipped } = await readAll();
    expect(rows.map((row) => row.host)).toEqual([...HOSTS, '', 'evil.old.test', 'api.old.test']);
    expect(skipped).toEqual([]);
    expect(new Set(rows.map((row) => row.at.split(':')[0])).size).toBeGreaterThan(4);
    for (const row of rows.slice(0, -3)) {
      const answer = await viewer.ask(`/api/logs/${row.id}?at=${row.at}`);
      expect(answer.json).toMatchObject({ row, request: { headers: [['X-N', row.id.slice(4)]] } });
      const bySeq = await viewer.ask(`/api/logs?limit=1&before=${(row.seq ?? 0) + 1}`);
      expect(bySeq.json.rows).toEqual([row]);
    }
    expect((await readAll('q=h1.test')).rows.map((row) => row.host)).toEqual(['h1.test']);
  });

  it('names what is damaged or foreign, and shows what is older all the same', async () => {
    await fill();
    damageMember(`${segment(3)}.gz`, 0, 200);
    await writeFile(`${segment(0)}.gz`, gzipSync(ORIGINAL_LOG));
    const { rows, skipped } = await readAll();
    expect(skipped).toEqual([3, 0]);
    const missing = HOSTS.filter((host) => !rows.some((row) => row.host === host));
    expect(missing.length).toBeGreaterThan(5);
    expect(missing.length).toBeLessThan(30);
    expect(rows.at(-1)?.host).toBe('h0.test');
  });
});

describe('rows of the original', () => {
  it('are marked as not chained, whatever they say, and those of leash as chained', async () => {
    await fill();
    const { rows } = await readAll();
    expect(rows.map((row) => row.chained)).toEqual([
      ...HOSTS.map(() => true),
      ...[false, false, false],
    ]);
    expect(rows.slice(-3)).toMatchObject([
      { event: 'log_recovered', class: 'event' },
      { class: 'blocked', status: 403, id: '-', seq: null },
      { class: 'would_block', status: 200, client: '172.18.0.4', port: 443, bytes: 17 },
    ]);
    expect((await viewer.ask('/api/meta')).json.record).toEqual({ damage: [], torn: null });
  });

  it('have headers and bodies, credentials hidden', async () => {
    await fill();
    const answer = await viewer.ask('/api/logs/-?at=0:0');
    expect(answer.json).toMatchObject({
      row: { at: '0:0', chained: false },
      request: {
        headers: [
          ['Authorization', 'Bearer [hidden: 6 characters]'],
          ['Content-Type', 'application/json'],
        ],
        body: { text: '{"ask": "café"}', truncated: '' },
      },
      response: { body: { text: '{"answer": "old"}' } },
      complete: true,
    });
  });
});

describe('GET /api/meta', () => {
  it('says where the record is damaged, by what it says itself and by the status file', async () => {
    const damage = { file: 'egress.2.jsonl', last_seq: 7, offset: 1234 };
    const torn = { file: 'egress.1.jsonl', last_seq: 3, offset: 99, bytes: 5 };
    await writeLog(viewer.logPath, [
      { event: 'log_recovered', id: '-', reason: 'torn_tail', ...torn },
      { event: 'log_recovered', id: '-', reason: 'damaged', ...damage },
    ]);
    const found = { file: 'egress.1.jsonl.gz', seq: 5, offset: 600 };
    const check = { state: 'done', segments: 3, damage: [found] };
    await writeFile(join(viewer.stateDir, 'run', 'status.json'), JSON.stringify(status({ check })));
    const { json } = await viewer.ask('/api/meta');
    expect(json.record).toEqual({
      damage: [
        { kind: 'damaged', ...found },
        { kind: 'damaged', file: 'egress.2.jsonl', seq: 8, offset: 1234 },
      ],
      torn: { file: 'egress.1.jsonl', ts: expect.any(Number) },
    });
    expect(json.log).toEqual({ healthy: true, problem: '', segment: 1, seq: 1 });
    const { rows } = await readAll();
    expect(rows.map((row) => [row.class, row.summary])).toEqual([
      ['damaged', 'egress.2.jsonl is damaged behind record 7, at byte 1234'],
      ['event', 'egress.1.jsonl ended in half a record (5 bytes)'],
    ]);
    expect((await readAll('class=damaged')).rows).toHaveLength(1);
  });
});

function status(log: Record<string, unknown>) {
  return {
    bootId: 'b',
    pid: process.pid,
    startedAt: 1,
    state: 'running',
    policy: null,
    problems: [],
    workers: [],
    log: { healthy: true, problem: '', segment: 1, seq: 1, ...log },
    records: {},
    listeners: { proxy: { host: '127.0.0.1', port: 8080 }, viewer: null },
  };
}
