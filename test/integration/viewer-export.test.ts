// The record as files: raw lines as they stand on the log, and HTTP Archives, of one flow, of some, and
// of a query, over a log by leash's own writer.

import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { harProblems } from '../support/check-har.ts';
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

const BYTES = Buffer.from([0, 255, 1, 254, 128]);
const WIDE = 'größer — 大';

function exchange(n: number, more: object = {}): Entry[] {
  const id = `1-1-${n}`;
  const who = { client: '10.0.0.1', host: `h${n % 3}.test`, port: 443, method: 'POST' };
  const url = `https://h${n % 3}.test/v1/items?n=${n}&q=a%20b`;
  return [
    { event: 'intent', id, ...who, url },
    {
      event: 'allowed',
      id,
      ...who,
      url,
      status: 200,
      proto: 'h2',
      bytes: 12,
      req_bytes: 7,
      ttfb_ms: 20,
      duration_ms: 50,
      upstream_ip: '192.0.2.7',
      req_headers: [
        ['Authorization', `Bearer sk-${n}`],
        ['Content-Type', 'application/json'],
        ['Cookie', 'a=1; b=2'],
      ],
      res_headers: [
        ['content-type', 'text/plain'],
        ['set-cookie', 'sid=secret; Path=/'],
      ],
      req_body: '{"n":1}',
      res_body: WIDE,
      ...more,
    },
  ];
}
const PARTED: Entry[] = [
  {
    event: 'intent',
    id: '1-1-99',
    client: '10.0.0.1',
    host: 'part.test',
    port: 443,
    method: 'GET',
    url: 'https://part.test/',
  },
  { event: 'part', id: '1-1-99', dir: 'res', body: 'first half, ' },
  ...exchange(50),
  { event: 'part', id: '1-1-99', dir: 'res', offset: 12, body: 'second half' },
  {
    event: 'allowed',
    id: '1-1-99',
    client: '10.0.0.1',
    host: 'part.test',
    port: 443,
    method: 'GET',
    url: 'https://part.test/',
    status: 200,
    res_parts: 2,
    bytes: 23,
  },
];

async function logLines(): Promise<string[]> {
  const folder = dirname(viewer.logPath);
  const names = (await readdir(folder)).filter((name) => /^egress\.\d+\.jsonl$/.test(name));
  const sorted = names.sort((a, b) => Number(a.split('.')[1]) - Number(b.split('.')[1]));
  const texts = await Promise.all(sorted.map((name) => readFile(join(folder, name), 'utf8')));
  return texts.flatMap((text) => text.split('\n').filter((line) => line !== ''));
}
const exported = async (query: string) => {
  const { text, status } = await viewer.ask(`/api/export.jsonl?${query}`);
  expect(status).toBe(200);
  return text.split('\n').filter((line) => line !== '');
};
const har = async (query = '') => (await viewer.ask(`/api/export.har?${query}`)).json;
const rowsOf = async (q = '') =>
  (await viewer.ask(`/api/logs?limit=1000&q=${encodeURIComponent(q)}`)).json.rows;

describe('the export of lines', () => {
  it('gives the lines of the matching rows bit for bit, newest first, over pages and segments', async () => {
    const entries = Array.from({ length: 700 }, (_, n) => exchange(n)).flat();
    await writeLog(viewer.logPath, entries, 100_000);
    const all = (await logLines()).filter((line) => line.includes('"event":"allowed"')).reverse();
    expect(await exported('')).toEqual(all);
    const some = all.filter((line) => line.includes('"host":"h1.test"'));
    expect(await exported('q=host:h1.test')).toEqual(some);
    expect(await exported('q=host:h1.test&limit=7')).toEqual(some.slice(0, 7));
    // Of a parameter that is given twice the last counts, and an export has one order.
    const twice = 'q=host:h0.test&q=host:h1.test&limit=1&limit=7&order=newest&order=oldest';
    expect(await exported(twice)).toEqual(some.slice(0, 7));
  });

  it('is a file to keep, and nothing for a browser to show', async () => {
    await writeLog(viewer.logPath, exchange(1));
    for (const kind of ['jsonl', 'har']) {
      const { headers } = await viewer.ask(`/api/export.${kind}`);
      expect(headers['content-disposition']).toMatch(
        new RegExp(`^attachment; filename="leash-\\d{8}T\\d{6}Z\\.${kind}"$`),
      );
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
        'x-leash-order': 'newest-first',
      });
      expect(headers['content-type']).not.toContain('html');
    }
  });

  it('of one record holds all lines of its flow, and of a selection those of each', async () => {
    await writeLog(viewer.logPath, PARTED);
    const ofFlow = (await logLines()).filter((line) => line.includes('"id":"1-1-99"')).reverse();
    const at = (await rowsOf('host:part.test'))[0].at;
    expect(ofFlow).toHaveLength(4);
    expect(await exported(`id=1-1-99&at=${at}`)).toEqual(ofFlow);
    expect(await exported('id=1-1-99')).toEqual(ofFlow);
    const other = (await rowsOf('host:h2.test'))[0].at;
    const both = await exported(`ids=${at},${other}`);
    expect(both.slice(0, 4)).toEqual(ofFlow);
    expect(both.slice(4).map((line) => JSON.parse(line).event)).toEqual(['allowed', 'intent']);
  });

  it.each([
    ['q=status:nothing', 400],
    ['limit=0', 400],
    ['limit=x', 400],
    ['ids=nowhere', 400],
    [`ids=${Array.from({ length: 501 }, () => '1:1').join(',')}`, 400],
    ['id=1-1-1&at=here', 400],
    ['id=none', 404],
  ])('refuses %s', async (query, status) => {
    await writeLog(viewer.logPath, exchange(1));
    expect((await viewer.ask(`/api/export.jsonl?${query}`)).status).toBe(status);
    expect((await viewer.ask(`/api/export.har?${query}`)).status).toBe(status);
  });

  it('ends when the client leaves', async () => {
    const entries = Array.from({ length: 3000 }, (_, n) =>
      exchange(n, { res_body: 'x'.repeat(20_000) }),
    ).flat();
    await writeLog(viewer.logPath, entries);
    const path = '/api/export.jsonl';
    const request = get({ host: '127.0.0.1', port: viewer.port, path, agent: false });
    const [response] = await once(request, 'response');
    await once(response, 'data');
    response.destroy();
    // The viewer goes on serving, and closes at the end of the test without waiting for that export.
    expect((await viewer.ask('/api/logs?limit=1')).status).toBe(200);
  });
});

describe('the archive', () => {
  it('is valid HAR 1.2 with the bodies, and credentials are hidden unless asked for', async () => {
    const binary = { res_body: BYTES.toString('base64'), res_encoding: 'base64' };
    const sent = { req_body: BYTES.toString('base64'), req_encoding: 'base64' };
    await writeLog(viewer.logPath, [...exchange(1), ...exchange(2, binary), ...exchange(3, sent)]);
    const archive = await har();
    expect(harProblems(archive)).toEqual([]);
    const [third, second, first] = archive.log.entries;
    expect(first).toMatchObject({
      time: 50,
      timings: { send: 0, wait: 20, receive: 30 },
      serverIPAddress: '192.0.2.7',
      request: {
        method: 'POST',
        url: 'https://h1.test/v1/items?n=1&q=a%20b',
        httpVersion: 'HTTP/2',
        cookies: [],
        queryString: [
          { name: 'n', value: '1' },
          { name: 'q', value: 'a b' },
        ],
        postData: { mimeType: 'application/json', text: '{"n":1}' },
      },
      response: { status: 200, content: { mimeType: 'text/plain', text: WIDE } },
    });
    expect(JSON.stringify(archive)).not.toMatch(/sk-\d|secret/);
    expect(Buffer.from(second.response.content.text, 'base64')).toEqual(BYTES);
    expect(second.response.content.encoding).toBe('base64');
    expect(third.request.postData._encoding).toBe('base64');
    const open = await har('redact=0');
    expect(harProblems(open)).toEqual([]);
    expect(open.log.entries[2].request.headers[0].value).toBe('Bearer sk-1');
    expect(open.log.entries[2].request.cookies).toEqual([
      { name: 'a', value: '1' },
      { name: 'b', value: '2' },
    ]);
  });

  it('joins bodies from their parts, and says what it left out', async () => {
    await writeLog(viewer.logPath, [
      ...PARTED,
      { event: 'mode_change', mode: 'audit' },
      {
        event: 'blocked',
        id: '1-1-8',
        method: 'CONNECT',
        host: 'evil.test',
        port: 443,
        reason: 'in_blocklist',
      },
    ]);
    const archive = await har();
    expect(harProblems(archive)).toEqual([]);
    const parted = archive.log.entries.find((entry: { request: { url: string } }) =>
      entry.request.url.includes('part.test'),
    );
    expect(parted.response.content.text).toBe('first half, second half');
    const refused = archive.log.entries[0];
    expect(refused.response).toMatchObject({ status: 0, comment: 'blocked: in_blocklist' });
    expect(archive.log.comment).toMatch(/records that are no requests are left out/);
    expect((await har('id=1-1-99')).log.entries).toHaveLength(1);
    const places = (await rowsOf('host:*.test')).map(({ at }: { at: string }) => at);
    expect((await har(`ids=${places.join(',')}`)).log.entries).toHaveLength(places.length);
  });

  it('says where it was cut, in its comment and in a header', async () => {
    await writeLog(viewer.logPath, Array.from({ length: 30 }, (_, n) => exchange(n)).flat());
    const { headers, json } = await viewer.ask('/api/export.har?limit=10');
    expect(headers['x-leash-truncated']).toBe('10');
    expect(json.log.entries).toHaveLength(10);
    expect(json.log.comment).toContain('cut: the query has more than 10 records');
    const whole = await viewer.ask('/api/export.har?limit=30');
    expect(whole.headers['x-leash-truncated']).toBeUndefined();
    expect(whole.json.log.comment).not.toContain('cut');
  });
});
