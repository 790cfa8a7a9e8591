// leash.internal: what the proxy port answers itself, asked by raw sockets, in every spelling.

import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TRUST_FILES } from '../../src/shared/trust/trust-files.ts';
import { connectThrough, openSocket, rawRequest, readUntil } from '../support/raw.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';

let proxy: TestProxy;
const opened: TLSSocket[] = [];
beforeAll(async () => {
  proxy = await startProxy();
});
afterAll(() => proxy.close());
beforeEach(async () => {
  for (const tls of opened.splice(0)) tls.destroy();
  proxy.setPolicy({});
  await proxy.forget();
});

const ask = (line: string, headers: readonly string[] = ['Host: leash.internal'], body = '') =>
  rawRequest(
    proxy.port,
    [`${line} HTTP/1.1`, ...headers, 'Connection: close', '', body].join('\r\n'),
  );
const bodyOf = (answer: string) => answer.slice(answer.indexOf('\r\n\r\n') + 4);
const self = () => `127.0.0.1:${proxy.port}`;

describe('a request for leash.internal', () => {
  it.each(TRUST_FILES.map(({ name }) => name))('gets %s, by proxy and by name', async (name) => {
    const through = await ask(`GET http://leash.internal/${name}`);
    expect(through).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(through).toContain('\r\nx-leash: internal\r\n');
    expect(bodyOf(await ask(`GET /${name}`))).toBe(bodyOf(through));
    if (name !== 'proxy.pac') expect(bodyOf(through)).toMatch(/BEGIN CERTIFICATE|leash/);
    const [first, second] = await proxy.ended(2);
    expect(first).toMatchObject({
      event: 'allowed',
      fields: { rule: 'leash.internal', status: 200, host: 'leash.internal', client: '127.0.0.1' },
    });
    expect(first?.fields.upstream_ip).toBeUndefined();
    expect(first?.fields.bytes).toBe(bodyOf(through).length);
    expect(second?.fields.url).toBe(`/${name}`);
  });

  it('gets an index, and the CA itself', async () => {
    const index = bodyOf(await ask('GET http://leash.internal/'));
    expect(index).toContain(new X509Certificate(proxy.caPem).fingerprint256);
    expect(index).toContain(`http://${self()}`);
    for (const { name } of TRUST_FILES) expect(index).toContain(`/${name}`);
    const pem = bodyOf(await ask('GET http://leash.internal/ca.crt'));
    expect(new X509Certificate(pem).fingerprint256).toBe(
      new X509Certificate(proxy.caPem).fingerprint256,
    );
  });

  it('gets the head alone for HEAD', async () => {
    const answer = await ask('HEAD http://leash.internal/ca.pem');
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*Content-Length: [1-9]/);
    expect(bodyOf(answer)).toBe('');
  });

  it('hears 404 for what there is not, and 405 for what it may not do, on the record', async () => {
    const hidden = [
      '/ca.key',
      '/private/ca.key',
      '/../ca.pem',
      '/ca.pem/',
      '//ca.pem',
      '/%63a.pem',
    ];
    for (const path of hidden) {
      expect(await ask(`GET http://leash.internal${path}`)).toMatch(/^HTTP\/1\.1 404 /);
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE']) {
      const answer = await ask(`${method} http://leash.internal/ca.pem`);
      expect(answer).toMatch(/^HTTP\/1\.1 405 [\s\S]*\r\nAllow: GET, HEAD\r\n/);
    }
    const records = await proxy.ended(12);
    expect(records.map(({ fields }) => fields.status)).toEqual([
      ...Array(6).fill(404),
      ...Array(6).fill(405),
    ]);
  });

  it('with a long body is answered, and the body goes nowhere', async () => {
    const head = ['Host: leash.internal', `Content-Length: ${8 * 1024 * 1024}`];
    const answer = await ask('POST http://leash.internal/', head, 'x'.repeat(200_000));
    expect(answer).toMatch(/^HTTP\/1\.1 405 /);
    const chunked = ['Host: leash.internal', 'Transfer-Encoding: chunked'];
    expect(
      await ask('GET http://leash.internal/probe', chunked, '5\r\nhello\r\n0\r\n\r\n'),
    ).toMatch(/^HTTP\/1\.1 200 /);
  });

  it.each([
    'http://LEASH.INTERNAL/probe',
    'http://leash.internal./probe',
    'http://Leash.Internal.:80/probe',
    'HTTP://leash.internal:80/probe',
  ])('is the same in another spelling: %s', async (url) => {
    expect(await ask(`GET ${url}`)).toMatch(/^HTTP\/1\.1 200 [\s\S]*this came through/);
  });

  it.each([
    ['http://leash.internal:81/probe', 403, 'internal_port'],
    ['http://leash.internal:8090/api/logs', 403, 'internal_port'],
    ['https://leash.internal/probe', 400, 'malformed: https_needs_connect'],
    ['http://leash%2einternal/probe', 400, 'malformed: not_an_absolute_uri'],
    ['http://leash.internal@example.com/probe', 400, 'malformed: not_an_absolute_uri'],
    ['http://user@leash.internal/probe', 400, 'malformed: not_an_absolute_uri'],
    ['http://leash。internal/probe', 400, /malformed/],
  ])('is refused as %s', async (url, status, reason) => {
    const host = /:\d+/.exec(url)?.[0] ?? '';
    expect(await ask(`GET ${url}`, [`Host: leash.internal${host}`])).toMatch(
      new RegExp(`^HTTP/1\\.1 ${status} `),
    );
    const [record] = await proxy.ended(1);
    expect(record?.event).toBe('blocked');
    expect(record?.fields.reason).toMatch(reason);
  });

  it.each([
    [['Host: example.com'], 421],
    [['Host: leash.internal', 'Host: example.com'], 400],
    [['Host: leash.internal:81'], 421],
    [[], 400],
  ])('is refused where its Host differs: %j', async (headers, status) => {
    expect(await ask('GET http://leash.internal/ca.pem', headers)).toMatch(
      new RegExp(`^HTTP/1\\.1 ${status} `),
    );
  });

  it('in origin form is for this name alone', async () => {
    for (const host of [
      'example.com',
      self(),
      'x.leash.internal',
      'leash.internal.evil.test',
      '',
    ]) {
      expect(await ask('GET /ca.pem', [`Host: ${host}`])).toMatch(/^HTTP\/1\.1 400 /);
    }
    expect(await ask('GET /ca.pem', [`Host: leash.internal:${proxy.port}`])).toMatch(/ 200 OK/);
  });
});

describe('leash.internal', () => {
  it.each([
    ['without a policy', { mode: null as never }],
    ['in enforce mode without rules', { mode: 'enforce' as const }],
    ['where a token is needed', { requireIdentity: true }],
    [
      'where the operator calls it passthrough',
      { network: { ...EMPTY(), passthrough: ['leash.internal'] } },
    ],
    [
      'where the operator calls it opaque',
      { network: { ...EMPTY(), opaque: ['leash.internal:443'] } },
    ],
  ])('answers %s', async (_when, policy) => {
    proxy.setPolicy(policy);
    expect(await ask('GET http://leash.internal/probe')).toMatch(/ 200 OK/);
    const { tls } = await openTls('leash.internal:443');
    tls.write('GET /probe HTTP/1.1\r\nHost: leash.internal\r\nConnection: close\r\n\r\n');
    expect(await readUntil(tls)).toMatch(/ 200 OK[\s\S]*this came through/);
  });

  it('lets nobody further who has no token', async () => {
    proxy.setPolicy({ requireIdentity: true });
    expect(await ask('GET http://example.com/', ['Host: example.com'])).toMatch(/ 407 /);
    const { tls } = await openTls('leash.internal:443');
    tls.write(
      'GET http://example.com/ HTTP/1.1\r\nHost: leash.internal\r\nConnection: close\r\n\r\n',
    );
    expect(await readUntil(tls)).toMatch(/^HTTP\/1\.1 421 /);
  });

  it('speaks HTTP/2 inside of CONNECT, in TLS that its own CA signed', async () => {
    const { tls } = await openTls('LEASH.internal.:443', ['h2']);
    const session = connectHttp2('https://leash.internal', { createConnection: () => tls });
    const stream = session.request({ ':path': '/ca.pem' });
    let text = '';
    for await (const chunk of stream.setEncoding('utf8')) text += chunk;
    expect(text).toBe(proxy.caPem);
    for (const [method, status] of [
      ['HEAD', 200],
      ['DELETE', 405],
    ] as const) {
      const other = session.request({ ':path': '/ca.pem', ':method': method });
      const [headers] = await once(other, 'response');
      expect(headers[':status']).toBe(status);
      other.resume();
      await once(other, 'close');
    }
    session.close();
    const records = await proxy.ended(4);
    expect(records.map(({ event, fields }) => [event, fields.rule ?? ''])).toEqual([
      ...Array(3).fill(['allowed', 'leash.internal']),
      ['connect_closed', ''],
    ]);
    expect(records[0]?.fields).toMatchObject({ proto: 'h2', url: 'https://leash.internal/ca.pem' });
    expect(records[3]?.fields.upstream_ip).toBeUndefined();
  });

  it('is served inside of CONNECT to port 80, too, as clients do with http URLs', async () => {
    const { socket, status } = await connectThrough(proxy.port, 'leash.internal:80');
    expect(status).toBe(200);
    socket.write('GET /probe HTTP/1.1\r\nHost: leash.internal\r\nConnection: close\r\n\r\n');
    expect(await readUntil(socket)).toMatch(/ 200 OK[\s\S]*this came through/);
    socket.destroy();
  });

  it.each(['leash.internal:8080', 'leash.internal:22', 'leash.internal:8090'])(
    'refuses CONNECT %s: nothing is dialled',
    async (authority) => {
      const { socket, status, head } = await connectThrough(proxy.port, authority);
      expect(status).toBe(403);
      expect(head).toContain('reason=internal_port');
      socket.destroy();
    },
  );

  it('goes on when the policy changes, and is refused while the record cannot be written', async () => {
    const { tls } = await openTls('leash.internal:443');
    proxy.setPolicy({ mode: 'enforce' });
    const get = 'GET /probe HTTP/1.1\r\nHost: leash.internal\r\n\r\n';
    tls.write(get);
    expect(await readUntil(tls, { until: (text) => text.includes('through') })).toMatch(/ 200 OK/);
    proxy.link.isFull = true;
    tls.write(get);
    const refused = await readUntil(tls, { until: (text) => text.includes('leash:') });
    proxy.link.isFull = false;
    expect(refused).toMatch(/^HTTP\/1\.1 503 /);
    tls.destroy();
  });

  it('has no answer for a client that leaves: the record says so', async () => {
    const socket = await openSocket(proxy.port);
    let open = (_: 'ack') => {};
    proxy.link.verdict = new Promise((resolve) => {
      open = resolve;
    });
    socket.write(
      'GET http://leash.internal/ca-bundle.pem HTTP/1.1\r\nHost: leash.internal\r\n\r\n',
    );
    await expect.poll(() => proxy.link.opened.length).toBe(1);
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    open('ack');
    const [record] = await proxy.ended(1);
    proxy.link.verdict = 'ack';
    expect(record).toMatchObject({ event: 'error', fields: { rule: 'leash.internal' } });
    expect(record?.fields.reason).toMatch(/^client: closed/);
  });
});

function EMPTY() {
  return { allowPrivate: [], deny: [], nat64: [], passthrough: [], opaque: [], direct: [] };
}

async function openTls(authority: string, alpn = ['http/1.1']): Promise<{ tls: TLSSocket }> {
  const { socket, status } = await connectThrough(proxy.port, authority);
  expect(status).toBe(200);
  const tls = connectTls({
    socket,
    servername: 'leash.internal',
    ca: proxy.caPem,
    ALPNProtocols: alpn,
  });
  opened.push(tls);
  tls.on('error', () => {});
  await new Promise((resolve, reject) => {
    tls.once('secureConnect', () => resolve(undefined));
    tls.once('error', reject);
  });
  return { tls };
}
