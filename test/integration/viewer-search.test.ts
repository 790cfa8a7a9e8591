// What the viewer's API answers about many rows: pages in both directions, counts by time and by value.

import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Row } from '../../src/viewer/store/row.ts';
import { startViewer, type TestViewer } from '../support/start-viewer.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Entry, writeLog } from '../support/write-log.ts';

let viewer: TestViewer;
beforeEach(async () => {
  viewer = await startViewer();
});
afterEach(async () => {
  expect(viewer.errors).toEqual([]);
  await viewer.close();
});

const ROTATE_BYTES = 60_000;
/** Records of `writeLog` are a second apart and begin here. */
const START_S = 1_700_000_000;

const entry = (n: number): Entry => ({
  event: n % 4 === 3 ? 'blocked' : 'allowed',
  id: `1-1-${n}`,
  client: `10.0.0.${n % 2}`,
  agent: n % 2 === 0 ? 'builder' : 'ci',
  host: n % 3 === 0 ? 'api.test' : `h${n}.test`,
  port: 443,
  status: n % 4 === 3 ? 403 : 200,
  ...(n % 4 === 3 && { reason: 'not_in_allowlist' }),
  res_body: 'x'.repeat(3000),
});
const write = (count: number) =>
  writeLog(
    viewer.logPath,
    Array.from({ length: count }, (_, n) => entry(n)),
    ROTATE_BYTES,
  );

async function get(path: string, params: Record<string, string | number> = {}) {
  const query = new URLSearchParams(
    Object.entries(params).map(([name, value]): [string, string] => [name, String(value)]),
  );
  return viewer.ask(`${path}?${query}`);
}
const json = async (path: string, params: Record<string, string | number> = {}) => {
  const answer = await get(path, params);
  expect(answer.status, answer.text).toBe(200);
  return answer.json;
};

/** Asks until each segment has its index. */
const indexed = () =>
  waitFor(
    async () => {
      const { index } = await json('/api/meta');
      return index.segments > 0 && index.indexed === index.segments;
    },
    { what: 'an index of each segment' },
  );

describe('GET /api/logs in both directions', () => {
  it('holds a window in the middle of the log and goes both ways from it, each row once', async () => {
    await write(90);
    const all: Row[] = (await json('/api/logs', { limit: 1000 })).rows;
    expect(all).toHaveLength(90);
    for (const isIndexed of [false, true]) {
      if (isIndexed) await indexed();
      const middle = await json('/api/logs', { before: all[40]!.at, limit: 10 });
      expect(middle.rows).toEqual(all.slice(41, 51));
      const newer = await json('/api/logs', { after: middle.newer, order: 'oldest', limit: 10 });
      expect(newer.rows).toEqual(all.slice(31, 41));
      expect(newer.more).toBe(true);
      const back = await json('/api/logs', { before: newer.cursor, limit: 10 });
      expect(back.rows).toEqual(all.slice(41, 51));
      const rest = await json('/api/logs', { after: newer.newer, order: 'oldest', limit: 1000 });
      expect(rest.rows).toEqual(all.slice(0, 31));
      expect(rest).toMatchObject({ newer: null, newest: expect.any(String) });
      expect((await json('/api/logs', { after: rest.newest })).rows).toEqual([]);
      const first = await json('/api/logs', { order: 'oldest', limit: 3 });
      expect(first.rows).toEqual(all.slice(-3));
      expect(first).toMatchObject({ cursor: null, more: false });
    }
  });

  it('jumps to a moment', async () => {
    await write(90);
    const all: Row[] = (await json('/api/logs', { limit: 1000 })).rows;
    const ts = all[30]!.ts;
    for (const [before, from] of [
      [`t${ts}`, 31],
      [`t${ts + 0.5}`, 30],
      ['t1', 90],
      ['t9999999999', 0],
    ] as const) {
      const page = await json('/api/logs', { before, limit: 5 });
      expect(page.rows, before).toEqual(all.slice(from, from + 5));
    }
  });

  it('says which parameters do not go together', async () => {
    for (const params of [
      { order: 'up' },
      { order: 'oldest', before: '1:5' },
      { before: 't' },
      { before: 't1e5' },
    ]) {
      const answer = await get('/api/logs', params);
      expect(answer.status).toBe(400);
      expect(answer.json.error).toMatch(/^(order|before) must be /);
    }
  });
});

describe('GET /api/histogram', () => {
  it('counts rows by time and class, over the log or the times that are asked for', async () => {
    await write(90);
    for (const isIndexed of [false, true]) {
      if (isIndexed) await indexed();
      const all = await json('/api/histogram', { buckets: 10 });
      expect(all.complete).toBe(true);
      expect(all.buckets.length).toBeLessThanOrEqual(10);
      expect(all.from).toBeLessThanOrEqual(START_S + 2);
      const sums = { allowed: 0, blocked: 0 };
      for (const [n, { ts, counts }] of all.buckets.entries()) {
        expect(ts).toBe(all.from + n * all.bucket_s);
        sums.allowed += counts.allowed ?? 0;
        sums.blocked += counts.blocked ?? 0;
      }
      expect(sums).toEqual({ allowed: 68, blocked: 22 });
      const from = START_S + 20;
      const some = await json('/api/histogram', {
        q: 'class:blocked',
        since: from,
        until: from + 20,
      });
      expect(some.from).toBeGreaterThanOrEqual(from - some.bucket_s);
      const blocked = some.buckets.flatMap((bucket: { counts: object }) =>
        Object.entries(bucket.counts),
      );
      expect(new Set(blocked.map(([name]: [string]) => name))).toEqual(new Set(['blocked']));
    }
  });

  it('has one empty bucket where there is no log', async () => {
    expect(await json('/api/histogram')).toMatchObject({
      complete: true,
      buckets: [{ counts: {} }],
    });
  });

  it.each([
    [{ buckets: '0' }, 'buckets must be 1-240, got "0"'],
    [{ buckets: '241' }, 'buckets must be 1-240, got "241"'],
    [{ buckets: '' }, 'buckets must be 1-240, got ""'],
    [{ since: 'yesterday' }, /^since: takes a time ago/],
    [{ q: 'class:red' }, /^class: takes /],
  ])('refuses %j with one sentence', async (params, error) => {
    const answer = await get('/api/histogram', params as Record<string, string>);
    expect(answer.status).toBe(400);
    expect(answer.json.error).toMatch(error);
  });
});

describe('GET /api/facets', () => {
  it('counts the values of fields, the most frequent first, with and without an index', async () => {
    await write(90);
    for (const isIndexed of [false, true]) {
      if (isIndexed) await indexed();
      const facets = await json('/api/facets', {
        fields: 'class,host,status,reason,port',
        limit: 2,
      });
      expect(facets).toMatchObject({
        total: 90,
        complete: true,
        fields: {
          class: [
            { value: 'allowed', count: 68 },
            { value: 'blocked', count: 22 },
          ],
          host: [{ value: 'api.test', count: 30 }, { count: 1 }],
          status: [
            { value: '200', count: 68 },
            { value: '403', count: 22 },
          ],
          reason: [{ value: 'not_in_allowlist', count: 22 }],
          port: [{ value: '443', count: 90 }],
        },
      });
      const some = await json('/api/facets', { q: '-class:blocked agent:ci', fields: 'client' });
      expect(some.fields.client).toEqual([{ value: '10.0.0.1', count: 23 }]);
    }
  });

  it('offers values that begin with a text first, then those that contain it', async () => {
    await write(30);
    const { fields } = await json('/api/facets', { fields: 'host', prefix: 'H1', limit: 100 });
    expect(fields.host[0].value).toMatch(/^h1/);
    expect(fields.host.every(({ value }: { value: string }) => value.includes('h1'))).toBe(true);
    const inside = await json('/api/facets', { fields: 'host', prefix: 'pi.' });
    expect(inside.fields.host).toEqual([{ value: 'api.test', count: 10 }]);
  });

  it.each([
    [{ fields: 'host,body' }, /^fields takes class, host, .*, not "body"$/],
    [{ limit: '101' }, 'limit must be 1-100, got "101"'],
    [{ prefix: 'x'.repeat(257) }, 'prefix must have at most 256 characters'],
    [{ q: '"open' }, 'a quote has no end'],
  ])('refuses %j with one sentence', async (params, error) => {
    const answer = await get('/api/facets', params as Record<string, string>);
    expect(answer.status).toBe(400);
    expect(answer.json.error).toMatch(error);
  });
});

describe('the index', () => {
  it('lies in the state folder, and how far it is stands in /api/meta', async () => {
    await mkdir(join(viewer.stateDir), { recursive: true });
    await write(60);
    await indexed();
    const names = await readdir(join(viewer.stateDir, 'index'));
    const { index } = await json('/api/meta');
    expect(names.filter((name) => name.endsWith('.idx'))).toHaveLength(index.segments - 1);
  });
});
