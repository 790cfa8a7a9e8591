// The built program between real clients and a TLS origin: what was sent is what arrived, what is on
// the record and what the viewer shows.

import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ProxyAgent, fetch as undiciFetch } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { joinBody } from '../support/leash-records.ts';
import { run } from '../support/run-client.ts';
import { type Leash, LOOPBACK_POLICY, startLeash } from '../support/start-leash.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';

const PYTHON_CLIENT = fileURLToPath(new URL('../support/fetch-url.py', import.meta.url));

let origin: Origin;
let leash: Leash;

beforeAll(async () => {
  origin = await startOrigin({ tls: { names: ['localhost'] } });
  leash = await startLeash({ workers: 2, env: { LEASH_UPSTREAM_CA: origin.caFile } });
});
afterAll(async () => {
  await leash.close();
  await origin.close();
});

/** Longer than what one record holds, with characters of one to four bytes at every offset. */
const BODY = JSON.stringify({ text: 'a·ü€😀'.repeat(20_000) });

type Client = (url: string, body: string) => Promise<Buffer>;

const curl: Client = async (url, body) => {
  const via = ['--proxy', leash.proxyUrl, '--cacert', leash.caFile];
  const type = ['-H', 'Content-Type: application/json'];
  const args = ['-sS', '--fail', ...via, ...type, '--data-binary', '@-', url];
  const result = await run('curl', args, { input: body });
  expect(result).toMatchObject({ code: 0, stderr: '' });
  return result.output;
};

const nodeFetch: Client = async (url, body) => {
  const requestTls = { ca: await readFile(leash.caFile, 'utf8') };
  const dispatcher = new ProxyAgent({ uri: leash.proxyUrl, requestTls });
  try {
    const headers = { 'content-type': 'application/json' };
    const response = await undiciFetch(url, { method: 'POST', body, headers, dispatcher });
    expect(response.status).toBe(200);
    return Buffer.from(await response.arrayBuffer());
  } finally {
    await dispatcher.close();
  }
};

const pythonUrllib: Client = async (url, body) => {
  const args = [PYTHON_CLIENT, url, leash.caFile, leash.proxyUrl];
  const result = await run('python3', args, { input: body });
  expect(result).toMatchObject({ code: 0, stderr: '' });
  return result.output;
};

async function sha256sum(text: string): Promise<string> {
  const file = join(leash.dir, 'body');
  await writeFile(file, text);
  return (await run('sha256sum', [file])).stdout.slice(0, 64);
}

describe('a POST over HTTPS', () => {
  it.each([
    ['curl', curl],
    ['fetch', nodeFetch],
    ['urllib', pythonUrllib],
  ])('of %s is the same at the origin, on the record and in the viewer', async (name, client) => {
    const url = `https://localhost:${origin.port}/echo?by=${name}`;
    expect((await client(url, BODY)).equals(Buffer.from(BODY))).toBe(true);

    const sha256 = await sha256sum(BODY);
    const bytes = Buffer.byteLength(BODY);
    const seen = origin.requests.find((request) => url.endsWith(request.url));
    expect(seen).toMatchObject({ method: 'POST', bytes, sha256 });

    const outcome = await leash.waitForRecords(
      (record) => record.event === 'allowed' && record.url === url,
    );
    expect(outcome).toMatchObject({
      client: '127.0.0.1',
      host: 'localhost',
      port: origin.port,
      method: 'POST',
      status: 200,
      bytes,
      req_bytes: bytes,
      req_sha256: sha256,
      res_sha256: sha256,
      upstream_ip: '127.0.0.1',
      mode: 'audit',
    });
    const records = await leash.records();
    expect(joinBody(records, outcome, 'req')).toBe(BODY);
    expect(joinBody(records, outcome, 'res')).toBe(BODY);
    const intent = records.find(({ event, id }) => event === 'intent' && id === outcome.id);
    expect(intent).toMatchObject({ host: 'localhost', method: 'POST', url, client: '127.0.0.1' });
    expect(intent?.seq).toBeLessThan(outcome.seq);

    const list = await fetch(`${leash.viewerUrl}/api/logs?q=${encodeURIComponent(url)}`);
    const { rows } = (await list.json()) as { rows: Record<string, unknown>[] };
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ id: outcome.id, method: 'POST', url, status: 200, bytes });
    const detail = await fetch(`${leash.viewerUrl}/api/logs/${outcome.id}?at=${rows[0]?.at}`);
    const flow = (await detail.json()) as Record<'request' | 'response', { body: unknown }>;
    const shown = { text: BODY, encoding: 'utf8', sha256, truncated: '', wire_bytes: bytes };
    expect(flow.request.body).toMatchObject(shown);
    expect(flow.response.body).toMatchObject(shown);
  });
});

describe('the log', () => {
  it('verifies from the file alone', async () => {
    expect(await leash.verifyChain()).toMatchObject({ code: 0, stderr: '' });
  });

  it('begins with what runs and which policy is in force', async () => {
    const records = await leash.records();
    const start = records.find((record) => record.event === 'start');
    expect(start).toMatchObject({ mode: 'audit', policy: 1, workers: 2 });
    const digest = createHash('sha256').update(String(LOOPBACK_POLICY.mode)).digest('hex');
    expect(start?.files.mode).toBe(digest);
  });
});

describe('a body that is not text', () => {
  it('is counted and hashed, and the record says why it has no copy', async () => {
    const url = `https://localhost:${origin.port}/bytes/100000`;
    const via = ['--proxy', leash.proxyUrl, '--cacert', leash.caFile];
    const { output } = await run('curl', ['-sS', ...via, url]);
    const outcome = await leash.waitForRecords(
      (record) => record.event === 'allowed' && record.url === url,
    );
    expect(outcome).toMatchObject({
      bytes: 100_000,
      res_sha256: createHash('sha256').update(output).digest('hex'),
      res_truncated: 'content_type',
    });
    expect(outcome.res_body).toBeUndefined();
  });
});
