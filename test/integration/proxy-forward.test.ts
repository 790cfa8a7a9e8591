// Requests that pass: what reaches the origin, what comes back, and what the record says of it.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hashOfBytes } from '../support/origin-routes.ts';
import { rawRequest } from '../support/raw.ts';
import { run } from '../support/run-client.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';

let secure: Origin;
let plain: Origin;
let proxy: TestProxy;
let dir: TempDir;

beforeAll(async () => {
  dir = await tempDir();
  secure = await startOrigin({ tls: { names: ['localhost', '127.0.0.1'] } });
  plain = await startOrigin();
  proxy = await startProxy({ rootsFile: secure.caFile });
});
afterAll(async () => {
  await proxy.close();
  await secure.close();
  await plain.close();
  await dir.close();
});
beforeEach(async () => {
  await proxy.forget();
  secure.requests.length = 0;
  plain.requests.length = 0;
});

const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest('hex');

const curl = (...args: string[]) => proxy.curl(...args);

describe('an HTTPS request through CONNECT', () => {
  it('reaches the origin and comes back, with intent, outcome and tunnel on record', async () => {
    const url = `https://localhost:${secure.port}/echo?a=1`;
    const result = await curl('-H', 'X-One: 1', '-H', 'x-one: 2', url);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(result.stdout)).toMatchObject({ method: 'GET', url: '/echo?a=1' });
    const records = await proxy.ended(2);
    const identity = {
      client: '127.0.0.1',
      host: 'localhost',
      port: secure.port,
      method: 'GET',
      url,
    };
    expect(proxy.link.opened.map((open) => [open.event, open.policy])).toEqual([
      ['connect_allowed', 1],
      ['intent', 1],
    ]);
    expect(proxy.link.opened[1]?.identity).toMatchObject(identity);
    const outcome = records.find((record) => record.event === 'allowed');
    expect(outcome?.fields).toMatchObject({
      ...identity,
      status: 200,
      bytes: Buffer.byteLength(result.stdout),
      audit: 'would_block_in_enforce',
      proto: 'h1',
      policy: 1,
      mode: 'audit',
      upstream_ip: '127.0.0.1',
      req_bytes: 0,
      res_body: result.stdout,
      res_sha256: sha256(result.stdout),
    });
    const sent = outcome?.fields.req_headers?.map(([name]) => name);
    expect(sent).toEqual(['Host', 'User-Agent', 'Accept', 'X-One', 'x-one']);
    const closed = records.find((record) => record.event === 'connect_closed');
    expect(closed?.fields).toMatchObject({ requests: 1, bytes: expect.any(Number) });
    expect(closed?.fields.bytes).toBeGreaterThan(1000);
  });

  it('keeps order, case and duplicates of header fields in both directions', async () => {
    const fields = ['X-B: 1', 'content-LENGTH: 2', 'x-A: 2', 'Content-Type: text/plain', 'X-b: 3'];
    const args = fields.flatMap((field) => ['-H', field]);
    const { stdout } = await curl(
      '-i',
      ...args,
      '-d',
      'ok',
      `https://localhost:${secure.port}/echo`,
    );
    const names = secure.requests[0]?.rawHeaders.filter((_, index) => index % 2 === 0);
    const sent = fields.map((field) => field.split(':')[0]);
    // The last two are leash's own: a private server is told who forwards.
    expect(names).toEqual(['Host', 'User-Agent', 'Accept', ...sent, 'Via', 'Connection']);
    expect(stdout).toMatch(/\r\ncontent-type: text\/plain\r\nDate: /);
  });

  it('forwards an upload byte for byte and records it', async () => {
    const body = Buffer.concat([Buffer.from('{"ü":"'), Buffer.alloc(5000, 'a'), Buffer.from('"}')]);
    const result = await run(
      'curl',
      [
        ...['-sS', '--proxy', `http://127.0.0.1:${proxy.port}`, '--cacert', proxy.caFile],
        ...['--data-binary', '@-', `https://localhost:${secure.port}/upload`],
      ],
      { input: body },
    );
    expect(JSON.parse(result.stdout)).toEqual({ bytes: body.length, sha256: sha256(body) });
    const [outcome] = (await proxy.ended(2)).filter((record) => record.event === 'allowed');
    expect(outcome?.fields).toMatchObject({
      req_bytes: body.length,
      req_body: body.toString(),
      req_sha256: sha256(body),
    });
  });

  it.each([
    ['-H', 'Transfer-Encoding: chunked'],
    ['-H', 'Expect: 100-continue'],
  ])('forwards an upload sent with %s %s', async (...header) => {
    const url = `https://localhost:${secure.port}/upload`;
    const result = await curl(...header, '--data-binary', 'x'.repeat(3000), url);
    expect(JSON.parse(result.stdout)).toMatchObject({ bytes: 3000 });
  });

  it('counts and hashes a body that is not copied, and says so', async () => {
    const size = 3_000_000;
    const file = join(dir.path, 'download');
    await curl('-o', file, `https://localhost:${secure.port}/bytes/${size}`);
    expect(sha256(await readFile(file))).toBe(hashOfBytes(size));
    const [outcome] = (await proxy.ended(2)).filter((record) => record.event === 'allowed');
    expect(outcome?.fields).toMatchObject({
      bytes: size,
      res_sha256: hashOfBytes(size),
      res_truncated: 'content_type',
    });
    expect(outcome?.fields.res_body).toBeUndefined();
  });

  it('serves many requests of one tunnel, over one upstream connection', async () => {
    const before = secure.connections();
    const url = `https://localhost:${secure.port}/status/200`;
    await curl(url, url, url);
    const records = await proxy.ended(4);
    expect(records.filter((record) => record.event === 'allowed')).toHaveLength(3);
    expect(records.find((record) => record.event === 'connect_closed')?.fields.requests).toBe(3);
    expect(secure.connections() - before).toBeLessThanOrEqual(1);
  });

  it.each([204, 304, 404, 500])('passes status %i through', async (status) => {
    const result = await curl(
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      `https://localhost:${secure.port}/status/${status}`,
    );
    expect(result.stdout).toBe(String(status));
  });

  it('passes HEAD through without a body', async () => {
    const result = await curl('-I', `https://localhost:${secure.port}/bytes/5000`);
    expect(result.stdout).toMatch(/content-length: 5000/i);
    const [outcome] = (await proxy.ended(2)).filter((record) => record.event === 'allowed');
    expect(outcome?.fields).toMatchObject({ method: 'HEAD', status: 200, bytes: 0 });
  });

  it('reaches an IP literal with a leaf for that address', async () => {
    const result = await curl(
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      `https://127.0.0.1:${secure.port}/status/200`,
    );
    expect(result).toMatchObject({ stdout: '200', stderr: '' });
  });
});

describe('plain HTTP', () => {
  it('is forwarded from the absolute form', async () => {
    const result = await curl(`http://localhost:${plain.port}/echo`);
    expect(JSON.parse(result.stdout)).toMatchObject({ url: '/echo' });
    const [outcome] = await proxy.ended(1);
    expect(outcome).toMatchObject({
      event: 'allowed',
      fields: { host: 'localhost', port: plain.port },
    });
    expect(outcome?.fields.tunnel).toBeUndefined();
    const names = plain.requests[0]?.rawHeaders.filter((_, index) => index % 2 === 0);
    expect(names).not.toContain('Proxy-Connection');
  });

  it('is served inside a tunnel on a port other than 443', async () => {
    const result = await curl('--proxytunnel', `http://localhost:${plain.port}/echo`);
    expect(JSON.parse(result.stdout)).toMatchObject({ url: '/echo' });
    const records = await proxy.ended(2);
    expect(records[0]?.fields).toMatchObject({ url: `http://localhost:${plain.port}/echo` });
    expect(records[0]?.fields.tunnel).toBeDefined();
  });

  it('answers HTTP/1.0 with a body that ends with the connection', async () => {
    const answer = await rawRequest(
      proxy.port,
      `GET http://localhost:${plain.port}/echo HTTP/1.0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).not.toMatch(/chunked/i);
  });

  it('answers pipelined requests in their order', async () => {
    const request = (n: number) =>
      `GET http://localhost:${plain.port}/echo?n=${n} HTTP/1.1\r\nHost: localhost:${plain.port}\r\n\r\n`;
    const text = await rawRequest(proxy.port, request(1) + request(2) + request(3), {
      until: (received) => received.split('"method"').length === 4,
    });
    expect([...text.matchAll(/\?n=(\d)/g)].map((match) => match[1])).toEqual(['1', '2', '3']);
    await proxy.ended(3);
  });
});
