// How soon a page of rows is answered: before counts of a large log, and asked for by the browser before
// the page's own program runs.

import { appendFile } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { logLine } from '../support/log-line.ts';
import { startViewer, type TestViewer } from '../support/start-viewer.ts';
import { waitFor } from '../support/wait-for.ts';

/** Two slices of a count, which are done sooner than a page where nobody waits for it. */
const ROWS = 40_000;
const COUNTS = 6;

let viewer: TestViewer;
afterEach(async () => {
  vi.useRealTimers();
  expect(viewer.errors).toEqual([]);
  await viewer.close();
});

/** Without a socket, which would take turns of its own. */
// biome-ignore lint/suspicious/noExplicitAny: a test reads any member and asserts its value
async function getInTurn(path: string): Promise<any> {
  const headers = { host: viewer.host };
  return (await viewer.askFrom('127.0.0.1', path, { headers })).json();
}

describe('a page beside counts', () => {
  beforeEach(async () => {
    viewer = await startViewer({ viewerToken: 'off' });
    const lines = Array.from({ length: ROWS }, (_, n) =>
      logLine({ event: 'blocked', id: `1-1-${n}`, host: `h${n % 5000}.test` }),
    );
    // The index of a finished segment is a file, that of the newest is in memory.
    const first = viewer.logPath.replace('.jsonl', '.1.jsonl');
    await appendFile(first, `${lines.join('\n')}\n`);
    await appendFile(viewer.logPath.replace('.jsonl', '.2.jsonl'), `${lines[0]}\n`);
  });

  it('is answered before them, though they were asked for before it', async () => {
    const isIndexed = async () => {
      const { index } = (await viewer.ask('/api/meta')).json;
      return index.segments === 2 && index.indexed === 2;
    };
    await waitFor(isIndexed, { what: 'an index of each segment' });
    // All are asked for in one turn, and time stands still: counts wait for a page for so long as it takes.
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    const order: string[] = [];
    const answer = async (name: string, path: string) => {
      const json = await getInTurn(path);
      order.push(name);
      return json;
    };
    const counts = '/api/facets?fields=host,client,reason,event&q=-host:none.test';
    const counted = Array.from({ length: COUNTS }, () => answer('count', counts));
    const { rows } = await answer('page', '/api/logs?limit=200');
    expect(rows).toHaveLength(200);
    for (const { total, complete } of await Promise.all(counted)) {
      expect({ total, complete }).toEqual({ total: ROWS + 1, complete: true });
    }
    expect(order).toEqual(['page', ...Array(COUNTS).fill('count')]);
  }, 60_000);
});

describe('the page itself', () => {
  const TOKEN = 'token-of-this-test';
  const linkOf = async (path: string, headers: Record<string, string> = {}) =>
    (await viewer.ask(path, { headers })).headers.link;

  it('names its first request to a browser that may read the log, and to no other', async () => {
    viewer = await startViewer({ viewerToken: TOKEN });
    const link = '</api/logs?limit=200&q=host%3Aa.test>; rel=preload; as=fetch; crossorigin';
    const authorization = `Bearer ${TOKEN}`;
    expect(await linkOf('/?q=host:a.test', { authorization })).toBe(link);
    expect(await linkOf('/?q=host:a.test')).toBeUndefined();
    expect(await linkOf('/?view=policy', { authorization })).toBeUndefined();
    // A page of another site that loads it; and what a proxy in between may not take.
    const foreign = { authorization, 'sec-fetch-site': 'cross-site' };
    expect(await linkOf('/?q=host:a.test', foreign)).toBeUndefined();
    expect(await linkOf(`/?q=${'a'.repeat(3000)}`, { authorization })).toBeUndefined();
    const own = { authorization, 'sec-fetch-site': 'none' };
    expect(await linkOf('/?q=host:a.test', own)).toBe(link);
    expect(await linkOf('/assets/index-abc.js', { authorization })).toBeUndefined();
  });

  it('holds counts up while a browser opens it, and not where another site loads it', async () => {
    viewer = await startViewer({ viewerToken: 'off' });
    await appendFile(viewer.logPath, `${logLine({ event: 'blocked', id: '1-1-1' })}\n`);
    const load = (site: string) => {
      const headers = { host: viewer.host, 'sec-fetch-site': site };
      return viewer.askFrom('127.0.0.1', '/', { headers });
    };
    const count = async () => (await getInTurn('/api/facets?fields=host')).total;
    expect(await count()).toBe(1);
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    await load('cross-site');
    expect(await count()).toBe(1);
    await load('none');
    let isCounted = false;
    const counted = count().finally(() => {
      isCounted = true;
    });
    for (let turns = 0; turns < 2000 && !isCounted; turns += 1) await nextTurn();
    expect(isCounted).toBe(false);
    while (!isCounted) {
      vi.advanceTimersByTime(50);
      await nextTurn();
    }
    expect(await counted).toBe(1);
  });
});
