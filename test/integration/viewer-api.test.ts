// What the viewer's API answers over a real log: rows, cursors, one flow, meta, policy, health.

import { appendFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Row } from '../../src/viewer/store/row.ts';
import { logLine } from '../support/log-line.ts';
import { startViewer, type TestViewer } from '../support/start-viewer.ts';
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

function allowed(n: number, fields: Record<string, unknown> = {}): Entry {
  const id = `1-1-${n}`;
  return { event: 'allowed', id, client: '10.0.0.1', host: `h${n}.test`, port: 443, ...fields };
}

async function logs(params: Record<string, string | number> = {}) {
  const query = new URLSearchParams(
    Object.entries(params).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const answer = await viewer.ask(`/api/logs?${query}`);
  expect(answer.status).toBe(200);
  return answer.json;
}

const hosts = (page: { rows: Row[] }) => page.rows.map((row) => row.host);

describe('GET /api/logs', () => {
  it('gives an empty page before leash has written anything', async () => {
    expect(await logs()).toMatchObject({ rows: [], cursor: null, more: false, newest: null });
  });

  it('gives rows by the names of the record, without bodies and headers', async () => {
    await writeLog(viewer.logPath, [
      allowed(1, {
        agent: 'ci',
        method: 'POST',
        url: 'https://h1.test/a',
        status: 201,
        bytes: 5,
        req_bytes: 7,
        duration_ms: 1.5,
        rule: 'h1.test',
        req_headers: [['Authorization', 'Bearer secret-value']],
        req_body: 'private body',
      }),
    ]);
    const answer = await viewer.ask('/api/logs');
    expect(answer.json.rows).toEqual([
      {
        at: expect.stringMatching(/^1:\d+$/),
        seq: 2,
        chained: true,
        id: '1-1-1',
        ts: expect.any(Number),
        event: 'allowed',
        class: 'allowed',
        would_block: false,
        client: '10.0.0.1',
        agent: 'ci',
        host: 'h1.test',
        port: 443,
        method: 'POST',
        url: 'https://h1.test/a',
        status: 201,
        reason: '',
        rule: 'h1.test',
        bytes: 5,
        req_bytes: 7,
        duration_ms: 1.5,
        summary: '',
      },
    ]);
    expect(answer.text).not.toMatch(/secret-value|private body/);
  });

  it('has a hundred rows without a limit, and never more than a thousand', async () => {
    await writeLog(
      viewer.logPath,
      Array.from({ length: 1010 }, (_, n) => allowed(n)),
    );
    expect((await logs()).rows).toHaveLength(100);
    expect((await logs({ limit: 3 })).rows).toHaveLength(3);
    const most = await logs({ limit: 5000 });
    expect(most.rows).toHaveLength(1000);
    expect(most.more).toBe(true);
  });

  it('reads back through all segments by its cursors, each row once', async () => {
    const entries = Array.from({ length: 90 }, (_, n) =>
      allowed(n, { res_body: 'x'.repeat(6000) }),
    );
    await writeLog(viewer.logPath, entries, ROTATE_BYTES);
    const found: string[] = [];
    const segments = new Set<string>();
    for (let before = ''; ; ) {
      const page = await logs({ limit: 13, before });
      found.push(...hosts(page));
      for (const row of page.rows) segments.add(row.at.split(':')[0]);
      if (page.cursor === null) break;
      before = page.cursor;
    }
    expect(found).toEqual(entries.map(({ host }) => host).reverse());
    expect(segments.size).toBeGreaterThan(5);
    const seq = (await logs({ limit: 1 })).rows[0].seq;
    expect((await logs({ before: seq, limit: 1 })).rows[0].seq).toBeLessThan(seq);
  });

  it('follows a log that grows and rotates, and shows no line before its newline', async () => {
    await writeLog(viewer.logPath, [allowed(1)], ROTATE_BYTES);
    let { newest } = await logs();
    const next = async () => {
      const page = await logs({ after: newest });
      newest = page.newest ?? newest;
      return hosts(page);
    };
    expect(await next()).toEqual([]);
    await writeLog(
      viewer.logPath,
      Array.from({ length: 20 }, (_, n) => allowed(n + 2, { res_body: 'x'.repeat(6000) })),
      ROTATE_BYTES,
    );
    expect(await next()).toEqual(Array.from({ length: 20 }, (_, n) => `h${21 - n}.test`));
    const line = `${logLine({ event: 'allowed', seq: 99, id: '1-1-99', host: 'torn.test' })}\n`;
    await appendFile(viewer.logPath, line.slice(0, 150));
    expect(await next()).toEqual([]);
    await appendFile(viewer.logPath, line.slice(150));
    expect(await next()).toEqual(['torn.test']);
    expect(await next()).toEqual([]);
  });

  it('goes on from a position in a segment that is gone', async () => {
    const entries = Array.from({ length: 30 }, (_, n) =>
      allowed(n, { res_body: 'x'.repeat(6000) }),
    );
    await writeLog(viewer.logPath, entries, ROTATE_BYTES);
    const folder = join(viewer.dir, 'logs');
    await rm(join(folder, 'egress.2.jsonl'));
    const page = await logs({ before: '2:500' });
    expect(page.rows.every((row: Row) => row.at.startsWith('1:'))).toBe(true);
    expect(page.rows.length).toBeGreaterThan(0);
    await rename(join(folder, 'egress.1.jsonl'), join(folder, 'egress.1.jsonl.gz'));
    expect((await logs()).skipped).toEqual({ lines: 0, segments: [1] });
  });

  it('shows the log of the original, first alone and then behind the first segment', async () => {
    const old = '{"ts": 1.5, "event": "blocked", "id": "a", "host": "old.test", "bytes": 1}\n';
    await writeFile(viewer.logPath, old);
    expect((await logs()).rows).toMatchObject([
      { at: '0:0', seq: null, chained: false, host: 'old.test' },
    ]);
    await rename(viewer.logPath, join(viewer.dir, 'logs', 'egress.0.jsonl'));
    const first = join(viewer.dir, 'logs', 'egress.1.jsonl');
    await writeFile(first, `${logLine({ event: 'allowed', host: 'new.test' })}\n`);
    await symlink('egress.1.jsonl', viewer.logPath);
    expect(hosts(await logs())).toEqual(['new.test', 'old.test']);
  });

  it('filters by text, client, class, network and what enforce would block', async () => {
    await writeLog(viewer.logPath, [
      allowed(1, { url: 'https://h1.test/find?me' }),
      allowed(2, { client: '10.0.0.2', agent: 'ci', host: '127.0.0.1' }),
      allowed(3, { audit: 'would_block_in_enforce' }),
      { event: 'blocked', id: '1-1-4', host: 'h4.test', reason: 'in_blocklist' },
      { event: 'error', id: '1-1-5', host: 'h5.test', reason: 'dns: none' },
      { event: 'intent', id: '1-1-6', host: 'h6.test' },
    ]);
    expect(hosts(await logs({ q: 'FIND?' }))).toEqual(['h1.test']);
    expect(hosts(await logs({ client: '10.0.0.2' }))).toEqual(['127.0.0.1']);
    expect(hosts(await logs({ client: 'ci' }))).toEqual(['127.0.0.1']);
    expect(hosts(await logs({ class: 'blocked,error' }))).toEqual(['h5.test', 'h4.test']);
    expect(hosts(await logs({ class: 'running' }))).toEqual(['h6.test']);
    expect(hosts(await logs({ internet_only: 1, class: 'allowed' }))).toEqual(['h1.test']);
    expect(hosts(await logs({ would_block: 'true' }))).toEqual(['h3.test']);
    expect(hosts(await logs({ q: 'test', class: 'allowed', client: '10.0.0.1' }))).toEqual([
      'h1.test',
    ]);
    const repeated = await viewer.ask('/api/logs?q=nothing&q=find');
    expect(hosts(repeated.json)).toEqual(['h1.test']);
  });

  it.each(['limit=0', 'limit=x', 'before=x', 'after=7', 'class=nonsense'])(
    'answers 400 to %s and says what is allowed',
    async (query) => {
      const answer = await viewer.ask(`/api/logs?${query}`);
      expect(answer.status).toBe(400);
      expect(answer.json.error).toMatch(new RegExp(`^${query.split('=')[0]}(: takes| must be) `));
    },
  );
});

describe('GET /api/logs/:id', () => {
  const entry = allowed(1, {
    req_headers: [['Cookie', 'a=b']],
    req_body: 'question',
    res_headers: [['X-A', '1']],
    res_parts: 2,
  });

  it('gives headers and bodies of both directions, parts joined, credentials hidden', async () => {
    await writeLog(viewer.logPath, [
      { event: 'intent', id: '1-1-1', host: 'h1.test' },
      { event: 'part', id: '1-1-1', dir: 'res', body: 'first, ' },
      { event: 'part', id: '1-1-1', dir: 'res', offset: 7, body: 'second' },
      entry,
    ]);
    const [row] = (await logs()).rows;
    const path = `/api/logs/${row.id}?at=${row.at}`;
    const hidden = await viewer.ask(path);
    expect(hidden.json).toMatchObject({
      row,
      request: { headers: [['Cookie', '[hidden: 3 characters]']], body: { text: 'question' } },
      response: { headers: [['X-A', '1']], body: { text: 'first, second' } },
      complete: true,
      redacted: true,
    });
    const plain = await viewer.ask(`${path}&redact=0`);
    expect(plain.json.request.headers).toEqual([['Cookie', 'a=b']]);
    expect((await viewer.ask(`/api/logs/1-1-1?seq=${row.seq}`)).json.row).toEqual(row);
  });

  it.each(['/api/logs/1-9-9', '/api/logs/1-1-1?at=7:7', '/api/logs/%22', '/api/logs/-'])(
    'answers 404 to %s',
    async (path) => {
      await writeLog(viewer.logPath, [entry]);
      expect((await viewer.ask(path)).status).toBe(404);
    },
  );
});

describe('GET /api/meta, /api/mode and /api/policy', () => {
  it('name the clients of the newest rows, the most active first', async () => {
    await writeLog(viewer.logPath, [
      allowed(1, { client: '10.0.0.2', agent: 'ci' }),
      allowed(2),
      allowed(3),
    ]);
    expect((await viewer.ask('/api/meta')).json).toMatchObject({
      clients: [
        { client: '10.0.0.1', agent: '', rows: 2 },
        { client: '10.0.0.2', agent: 'ci', rows: 1 },
      ],
      version: '1.2.3',
      hostname: 'machine.test',
      proxy_port: 8080,
      agents_known: false,
      log: null,
    });
  });

  it('show the policy files as they are, and enforce where no mode is set', async () => {
    expect((await viewer.ask('/api/mode')).json).toEqual({ mode: 'enforce' });
    await writeFile(join(viewer.policyDir, 'mode'), 'audit\n');
    await writeFile(join(viewer.policyDir, 'enforce.yaml'), 'allow: [a.test]\n');
    await writeFile(join(viewer.policyDir, 'agents.yaml'), 'agent_networks: [10.0.0.0/8]\n');
    expect((await viewer.ask('/api/mode')).json).toEqual({ mode: 'audit' });
    expect((await viewer.ask('/api/policy')).json).toMatchObject({
      mode: 'audit',
      files: { 'enforce.yaml': 'allow: [a.test]\n' },
      agent_networks: ['10.0.0.0/8'],
    });
    expect((await viewer.ask('/api/meta')).json.agents_known).toBe(true);
  });
});
