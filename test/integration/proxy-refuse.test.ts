// Requests that must not pass: one clear refusal, one record, nothing sent to the origin, and a worker
// that goes on.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deferred } from '../support/deferred.ts';
import { networkOf } from '../support/policy-ask.ts';
import { connectThrough, rawRequest, readUntil } from '../support/raw.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';

let secure: Origin;
let plain: Origin;
let proxy: TestProxy;

beforeAll(async () => {
  secure = await startOrigin({ tls: { names: ['localhost', '127.0.0.1'] } });
  plain = await startOrigin();
  proxy = await startProxy({
    rootsFile: secure.caFile,
    policy: {
      network: networkOf({ allowPrivate: ['127.0.0.0/8'], deny: ['127.0.0.9/32'] }),
    },
  });
});
afterAll(async () => {
  await proxy.close();
  await Promise.all([secure.close(), plain.close()]);
});
beforeEach(async () => {
  await proxy.forget();
  for (const origin of [secure, plain]) origin.requests.length = 0;
});
// Whatever a test sent, the worker serves the next client.
afterEach(async () => {
  const url = `http://127.0.0.1:${plain.port}/status/204`;
  expect((await proxy.curl('-i', url)).stdout).toMatch(/^HTTP\/1\.1 204/);
});

const curl = (...args: string[]) => proxy.curl(...args);

/** The one terminal record of a test. */
async function ended() {
  const records = await proxy.ended(1);
  expect(records).toHaveLength(1);
  return records[0];
}

const many = Array.from({ length: 101 }, (_, n) => `X-${n}: ${n}`);
const head = (...lines: string[]) => [...lines, '', ''].join('\r\n');

describe('a request is refused', () => {
  const url = () => `http://127.0.0.1:${plain.port}/echo`;
  const host = () => `Host: 127.0.0.1:${plain.port}`;
  const cases: [name: string, lines: () => string[], status: number, reason: string][] = [
    ['with two Host headers', () => [`GET ${url()} HTTP/1.1`, host(), host()], 400, 'host'],
    ['without Host', () => [`GET ${url()} HTTP/1.1`], 400, 'host'],
    [
      'with another Host',
      () => [`GET ${url()} HTTP/1.1`, 'Host: other.test'],
      421,
      'host_mismatch',
    ],
    ['of RTSP', () => [`DESCRIBE ${url()} RTSP/1.0`, host()], 400, 'other_protocol'],
    ['of Icecast', () => [`SOURCE ${url()} ICE/1.0`, host()], 400, 'other_protocol'],
    ['in origin form, to the proxy itself', () => ['GET /echo HTTP/1.1', host()], 400, ''],
    ['for another scheme', () => [`GET ftp://127.0.0.1/x HTTP/1.1`, 'Host: 127.0.0.1'], 400, ''],
    [
      'with 101 headers',
      () => [`GET ${url()} HTTP/1.1`, host(), ...many.slice(1)],
      431,
      'too_many_headers',
    ],
    [
      'with a head over 16 KiB',
      () => [`GET ${url()} HTTP/1.1`, host(), `X: ${'x'.repeat(17_000)}`],
      431,
      'head_too_large',
    ],
    [
      'with length and chunked',
      () => [`POST ${url()} HTTP/1.1`, host(), 'Content-Length: 3', 'Transfer-Encoding: chunked'],
      400,
      '',
    ],
    [
      'with two lengths',
      () => [`POST ${url()} HTTP/1.1`, host(), 'Content-Length: 3', 'Content-Length: 4'],
      400,
      '',
    ],
    [
      'with another transfer coding',
      () => [`POST ${url()} HTTP/1.1`, host(), 'Transfer-Encoding: gzip, chunked'],
      400,
      '',
    ],
    ['with a folded header', () => [`GET ${url()} HTTP/1.1`, host(), 'X: a', ' b'], 400, ''],
    ['with a blank before the colon', () => [`GET ${url()} HTTP/1.1`, host(), 'X : a'], 400, ''],
    [
      'with an expectation that nobody knows',
      () => [`GET ${url()} HTTP/1.1`, host(), 'Expect: tea'],
      417,
      'expect',
    ],
    [
      'for an address that is denied',
      () => ['GET http://127.0.0.9/ HTTP/1.1', 'Host: 127.0.0.9'],
      403,
      'address_not_allowed',
    ],
    [
      'for a private address',
      () => ['GET http://10.1.2.3/ HTTP/1.1', 'Host: 10.1.2.3'],
      403,
      'address_not_allowed',
    ],
    [
      'for the metadata address',
      () => ['GET http://169.254.169.254/ HTTP/1.1', 'Host: 169.254.169.254'],
      403,
      'address_not_allowed',
    ],
    [
      'for the proxy itself',
      () => [`GET http://127.0.0.1:${proxy.port}/ HTTP/1.1`, `Host: 127.0.0.1:${proxy.port}`],
      403,
      'self_connection',
    ],
  ];
  it.each(cases)('%s', async (_name, lines, status, reason) => {
    const answer = await rawRequest(proxy.port, head(...lines()), {
      until: (text) => /\r\n\r\n.*\n$/s.test(text),
    });
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    const record = await ended();
    expect(record).toMatchObject({ event: 'blocked', fields: { status } });
    expect(record?.fields.reason).toContain(reason);
    expect(plain.requests).toEqual([]);
  });

  it('without an intent on the log, and nothing is sent', async () => {
    // Invariant: no request byte leaves before the primary has the intent on the log.
    const before = plain.connections();
    const verdict = deferred<'refused'>();
    proxy.link.verdict = verdict.promise;
    const answer = rawRequest(
      proxy.port,
      head(`GET ${url()} HTTP/1.1`, host(), 'Connection: close'),
    );
    await expect.poll(() => proxy.link.opened.length).toBe(1);
    expect(plain.connections()).toBe(before);
    verdict.resolve('refused');
    expect(await answer).toMatch(
      /^HTTP\/1\.1 503 [\s\S]*reason=audit_unavailable[\s\S]*Retry-After: 2/,
    );
    proxy.link.verdict = 'ack';
    expect(plain.connections()).toBe(before);
    expect(await ended()).toMatchObject({
      event: 'blocked',
      fields: { reason: 'audit_unavailable' },
    });
  });

  it('in JSON when the client asks for it', async () => {
    const { stdout } = await curl('-H', 'Accept: application/json', 'http://10.1.2.3/a?b=c');
    expect(JSON.parse(stdout)).toMatchObject({
      error: 'blocked',
      reason: 'address_not_allowed',
      host: '10.1.2.3',
      port: 80,
      method: 'GET',
      hint: expect.stringContaining('operator'),
    });
  });

  it('inside a tunnel, for another host, and nothing is sent', async () => {
    const args = ['-H', 'Host: other.test', `https://localhost:${secure.port}/echo`];
    const { stdout } = await curl('-i', ...args);
    expect(stdout).toMatch(/HTTP\/1\.1 421 [\s\S]*x-leash: blocked; reason=host_mismatch/);
    expect(secure.requests).toEqual([]);
    const records = await proxy.ended(2);
    expect(records[0]).toMatchObject({
      event: 'blocked',
      fields: { other_host: `other.test:${secure.port}` },
    });
  });

  it('inside a tunnel, when it is a CONNECT', async () => {
    const { socket } = await connectThrough(proxy.port, `127.0.0.1:${plain.port}`);
    socket.write(head('CONNECT a.test:443 HTTP/1.1', 'Host: a.test:443'));
    expect(await readUntil(socket)).toMatch(/^HTTP\/1\.1 400 [\s\S]*nested_connect/);
    const records = await proxy.ended(2);
    expect(records[0]).toMatchObject({ event: 'blocked', fields: { reason: 'nested_connect' } });
  });
});
