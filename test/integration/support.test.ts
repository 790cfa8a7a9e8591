// The tools of the tests, each used once, so that a failure elsewhere is not theirs.

import { Resolver } from 'node:dns/promises';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deferred } from '../support/deferred.ts';
import { readChain } from '../support/log-files.ts';
import { hashOfBytes } from '../support/origin-routes.ts';
import { rawRequest } from '../support/raw.ts';
import { run } from '../support/run-client.ts';
import { type Dns, startDns } from '../support/start-dns.ts';
import { type Leash, startLeash } from '../support/start-leash.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

describe('startOrigin()', () => {
  let origin: Origin;
  beforeAll(async () => {
    origin = await startOrigin();
  });
  afterAll(() => origin.close());

  it('records method, url, raw headers and the hash of the body', async () => {
    const response = await fetch(`${origin.url}/upload`, { method: 'PUT', body: 'hello' });
    const sha256 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
    expect(await response.json()).toEqual({ bytes: 5, sha256 });
    const last = origin.requests.at(-1);
    expect(last).toMatchObject({ method: 'PUT', url: '/upload', bytes: 5, sha256, complete: true });
    expect(last?.rawHeaders).toContain('content-length');
  });

  it('counts and hashes a body that no handler reads', async () => {
    await fetch(`${origin.url}/status/201`, { method: 'POST', body: 'x'.repeat(1000) });
    await waitFor(() => origin.requests.at(-1)?.complete, { what: 'the whole body' });
    expect(origin.requests.at(-1)).toMatchObject({ url: '/status/201', bytes: 1000 });
  });

  it('sends N bytes of a known hash', async () => {
    const { output } = await run('curl', ['-sS', `${origin.url}/bytes/200001`]);
    const { createHash } = await import('node:crypto');
    expect(output.length).toBe(200_001);
    expect(createHash('sha256').update(output).digest('hex')).toBe(hashOfBytes(200_001));
  });

  it('streams events with the time they were sent', async () => {
    const text = await (await fetch(`${origin.url}/sse?n=2&every=1`)).text();
    const events = text.trim().split('\n\n');
    const first = JSON.parse(events[0]?.slice('data: '.length) ?? '');
    expect(events).toHaveLength(2);
    expect(first.n).toBe(1);
    expect(Math.abs(first.sent - Date.now())).toBeLessThan(5_000);
  });

  it('dies in the middle of a body', async () => {
    const { code } = await run('curl', ['-sS', `${origin.url}/die-mid-body`]);
    expect(code).not.toBe(0);
  });

  it('echoes the bytes of a POST, and what raw bytes asked for', async () => {
    const echoed = await fetch(`${origin.url}/echo`, { method: 'POST', body: 'same' });
    expect(await echoed.text()).toBe('same');
    const answer = await rawRequest(
      origin.port,
      'GET /echo?q=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toContain('"url":"/echo?q=1"');
  });
});

describe('startOrigin({ tls })', () => {
  it('serves a certificate of the test CA for the names asked for', async () => {
    const origin = await startOrigin({ tls: { names: ['origin.test', '127.0.0.1'] } });
    const resolve = ['--resolve', `origin.test:${origin.port}:127.0.0.1`];
    const trust = ['--cacert', origin.caFile];
    const url = `https://origin.test:${origin.port}/status/204`;
    const good = await run('curl', ['-sS', '-w', '%{http_code}', ...resolve, ...trust, url]);
    const bad = await run('curl', ['-sS', ...resolve, url]);
    await origin.close();
    expect(good).toMatchObject({ code: 0, stdout: '204' });
    expect(bad.code).toBe(60);
  });
});

describe('startDns()', () => {
  let dns: Dns;
  beforeAll(async () => {
    dns = await startDns({
      'a.test': ['127.0.0.1', '::1'],
      '*.wild.test': ['10.0.0.1'],
      'v6.test': ['2001:db8::7'],
    });
  });
  afterAll(() => dns.close());

  it('answers names of its map, knows no others, and logs each query', async () => {
    const resolver = new Resolver({ timeout: 1000, tries: 1 });
    resolver.setServers([dns.address]);
    expect(await resolver.resolve4('a.test')).toEqual(['127.0.0.1']);
    expect(await resolver.resolve6('a.test')).toEqual(['::1']);
    expect(await resolver.resolve6('v6.test')).toEqual(['2001:db8::7']);
    expect(await resolver.resolve4('x.wild.test')).toEqual(['10.0.0.1']);
    await expect(resolver.resolve4('gone.test')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await expect(resolver.resolve4('v6.test')).rejects.toMatchObject({ code: 'ENODATA' });
    dns.set('a.test', ['127.0.0.2']);
    expect(await resolver.resolve4('a.test')).toEqual(['127.0.0.2']);
    expect(dns.queries).toContainEqual({ name: 'gone.test', type: 'A' });
  });
});

describe('small helpers', () => {
  it('run() ends a program that outlives its time', async () => {
    await expect(run('sleep', ['30'], { timeoutMs: 50 })).rejects.toThrow('longer than 50 ms');
  });

  it('waitFor() says what it waited for in vain', async () => {
    await expect(waitFor(() => false, { what: 'rain', timeoutMs: 30 })).rejects.toThrow(
      'Gave up after 30 ms waiting for rain',
    );
  });

  it('deferred() resolves from outside', async () => {
    const { promise, resolve } = deferred<number>();
    resolve(3);
    expect(await promise).toBe(3);
  });
});

describe('readChain()', () => {
  it('says where a name stands twice among the members of a record, and nowhere else', async () => {
    const temp = await tempDir();
    const head = `{"seq":1,"prev":"${'0'.repeat(64)}","ts":1,"event":"stop","id":"1-0-1",`;
    const read = (members: string) => {
      writeFileSync(join(temp.path, 'egress.1.jsonl'), `${head}${members}}\n`);
      return () => readChain(temp.path);
    };
    expect(read('"reason":"\\\\"')).not.toThrow();
    expect(read('"reason":"\\"reason\\":1,[{"')).not.toThrow();
    expect(read('"reason":"x","reason":"y"')).toThrow('twice: "seq":');
    await temp.close();
  });
});

describe('startLeash()', () => {
  it('fails with the reason where leash does not start', async () => {
    await expect(startLeash({ env: { LEASH_AUDIT: 'perhaps' } })).rejects.toThrow(/LEASH_AUDIT/);
  });

  it('starts the built program, gives its records, verifies its chain and stops it', async () => {
    const origin = await startOrigin();
    const leash: Leash = await startLeash();
    try {
      const url = `${origin.url}/status/200`;
      const got = await run('curl', ['-sS', '--proxy', leash.proxyUrl, url]);
      expect(got).toMatchObject({ code: 0, stdout: '200\n' });
      const end = await leash.waitForRecords((record) => record.event === 'allowed');
      expect(end).toMatchObject({ method: 'GET', status: 200 });
      expect(leash.workerPids()).toHaveLength(1);
      expect(await leash.verifyChain()).toMatchObject({ code: 0 });
      expect(await leash.stop()).toBe(0);
      expect((await leash.records()).at(-2)).toMatchObject({ event: 'stop' });
    } finally {
      await leash.close();
      await origin.close();
    }
  });
});
