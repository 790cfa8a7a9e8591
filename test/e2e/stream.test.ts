// Long bodies and slow streams: memory stays bounded, nothing is held back, all of it is on record.

import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProxyAgent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { joinBody } from '../support/leash-records.ts';
import { deterministicBytes, hashOfBytes } from '../support/origin-routes.ts';
import { peakMemory } from '../support/process-memory.ts';
import { run } from '../support/run-client.ts';
import { type Leash, startLeash } from '../support/start-leash.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';

const MIB = 1024 * 1024;

let origin: Origin;
let leash: Leash;

beforeAll(async () => {
  origin = await startOrigin({ tls: { names: ['localhost'] } });
  // `all`: bodies that are no text are copied, too, up to the limit.
  leash = await startLeash({ env: { LEASH_UPSTREAM_CA: origin.caFile, LEASH_CAPTURE: 'all' } });
});
afterAll(async () => {
  await leash.close();
  await origin.close();
});

const caPem = () => readFile(leash.caFile, 'utf8');
const via = () => ['-sS', '--fail', '--proxy', leash.proxyUrl, '--cacert', leash.caFile];

describe('200 MB', () => {
  const SIZE = 200 * MIB;
  const HASH = hashOfBytes(SIZE);
  /** Memory of primary and worker may grow by this much over a request of a few bytes. */
  const GROWTH = 64 * MIB;
  let before: number[];

  const peaks = () => [leash.pid, ...leash.workerPids()].map(peakMemory);

  beforeAll(async () => {
    await run('curl', [...via(), `https://localhost:${origin.port}/status/200`]);
    before = peaks();
    expect(before).toHaveLength(2);
  });

  function expectSmall(): void {
    const grown = peaks().map((peak, index) => peak - (before[index] ?? 0));
    for (const bytes of grown) expect(bytes).toBeLessThanOrEqual(GROWTH);
  }

  it('down pass in bounded memory, with length and hash on the record', async () => {
    const url = `https://localhost:${origin.port}/bytes/${SIZE}`;
    const { code } = await run('curl', [...via(), '-o', '/dev/null', url], { timeoutMs: 60_000 });
    expect(code).toBe(0);
    const outcome = await leash.waitForRecords(
      (record) => record.event === 'allowed' && record.url === url,
    );
    expect(outcome).toMatchObject({ bytes: SIZE, res_sha256: HASH, res_truncated: 'limit' });
    expect(outcome.res_parts).toBeGreaterThanOrEqual(MIB / (64 * 1024));
    expectSmall();
  });

  it('up pass in bounded memory, with the copy cut at its limit and marked', async () => {
    const file = join(leash.dir, 'upload');
    const handle = await open(file, 'w');
    for (const chunk of deterministicBytes(SIZE)) await handle.write(chunk);
    await handle.close();
    const url = `https://localhost:${origin.port}/upload`;
    const { body } = await request(url, {
      method: 'POST',
      body: createReadStream(file),
      headers: { 'content-length': String(SIZE) },
      dispatcher: new ProxyAgent({ uri: leash.proxyUrl, requestTls: { ca: await caPem() } }),
      bodyTimeout: 60_000,
      headersTimeout: 60_000,
    });
    expect(await body.json()).toEqual({ bytes: SIZE, sha256: HASH });
    const outcome = await leash.waitForRecords(
      (record) => record.event === 'allowed' && record.url === url,
    );
    expect(outcome).toMatchObject({ req_bytes: SIZE, req_sha256: HASH });
    expect(outcome.req_truncated).toBeDefined();
    expectSmall();
  });
});

describe('a stream of events', () => {
  it('reaches the client event by event, and the record has all of it', async () => {
    const url = `https://localhost:${origin.port}/sse?n=30&every=100`;
    const { body } = await request(url, {
      dispatcher: new ProxyAgent({ uri: leash.proxyUrl, requestTls: { ca: await caPem() } }),
    });
    let text = '';
    const delays: number[] = [];
    for await (const chunk of body) {
      const now = performance.timeOrigin + performance.now();
      text += String(chunk);
      // One event a chunk: the one before was not held for it.
      const events = String(chunk).match(/"sent":([\d.]+)/g) ?? [];
      expect(events).toHaveLength(1);
      delays.push(now - Number(events[0]?.slice('"sent":'.length)));
    }
    expect(delays).toHaveLength(30);
    delays.sort((a, b) => a - b);
    expect(delays[15]).toBeLessThanOrEqual(20);
    expect(delays[29]).toBeLessThan(100);

    const outcome = await leash.waitForRecords(
      (record) => record.event === 'allowed' && record.url === url,
    );
    expect(outcome).toMatchObject({ bytes: Buffer.byteLength(text) });
    expect(joinBody(await leash.records(), outcome, 'res')).toBe(text);
  });

  it('that runs is on the record after ten seconds, as far as it came', async () => {
    const url = `https://localhost:${origin.port}/sse?n=200&every=100`;
    const { body } = await request(url, {
      dispatcher: new ProxyAgent({ uri: leash.proxyUrl, requestTls: { ca: await caPem() } }),
    });
    body.on('error', () => {});
    body.resume();
    const intent = await leash.waitForRecords((record) => record.url === url);
    const part = await leash.waitForRecords(
      (record) => record.event === 'part' && record.id === intent.id,
      14_000,
    );
    expect(part.dir).toBe('res');
    expect(String(part.body).match(/"sent":/g)?.length).toBeGreaterThan(50);
    body.destroy();
  }, 30_000);
});
