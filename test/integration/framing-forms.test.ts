// Request lines and heads that no server reads like another, and heads of more fields than a parser
// may see: refused with one record, and nothing of them reaches the origin.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isFromLeash, talk } from '../support/framing-client.ts';
import { SMUGGLED } from '../support/framing-mutations.ts';
import { type FramingOrigin, startFramingOrigin } from '../support/framing-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';

let origin: FramingOrigin;
let proxy: TestProxy;

beforeAll(async () => {
  origin = await startFramingOrigin();
  proxy = await startProxy({ env: { LEASH_CLIENT_MINTS_S: '10000' } });
});
afterAll(async () => {
  await proxy.close();
  await origin.close();
});
beforeEach(async () => {
  await proxy.forget();
  origin.requests.length = 0;
});
// Whatever a test sent, the worker serves the next client.
afterEach(async () => {
  const bytes = `GET ${url('/control')} HTTP/1.1\r\nHost: ${host()}\r\n\r\n`;
  expect(await talk({ proxyPort: proxy.port, bytes })).toMatchObject({ body: '/control' });
});

const host = () => `127.0.0.1:${origin.port}`;
const url = (path: string) => `http://${host()}${path}`;
const ROUTES = ['absolute', 'tunnel'] as const;
type Route = (typeof ROUTES)[number];
const targetOf = (route: Route, path = '/x') => (route === 'absolute' ? url(path) : path);

async function send(route: Route, text: string, method = 'GET') {
  const tunnel = route === 'tunnel' ? { tunnel: host() } : {};
  const answer = await talk({ proxyPort: proxy.port, bytes: text, method, ...tunnel });
  await proxy.ended(route === 'tunnel' ? 2 : 1);
  return { answer, records: proxy.link.records.filter(({ event }) => event !== 'connect_closed') };
}

async function expectRefused(
  route: Route,
  text: string,
  statuses: readonly number[],
): Promise<void> {
  const tunnel = route === 'tunnel' ? { tunnel: host() } : {};
  const answer = await talk({ proxyPort: proxy.port, bytes: text, ...tunnel });
  await proxy.ended(1);
  const records = proxy.link.records.filter(({ event }) => event !== 'connect_closed');
  expect(statuses).toContain(answer.status);
  expect(answer.rest).toBe('');
  if (answer.status !== 0) expect(isFromLeash(answer)).toBe(true);
  expect(records).toMatchObject([{ event: 'blocked' }]);
  expect(records[0]?.fields.reason).not.toBe('');
  expect(proxy.link.opened.filter(({ event }) => event === 'intent')).toEqual([]);
  expect(origin.requests).toEqual([]);
  expect(origin.problems).toEqual([]);
}

type Form = [name: string, text: (target: string) => string];
const line = (text: (target: string) => string) => (target: string) =>
  `${text(target)}\r\nHost: ${host()}\r\n\r\n`;

const FORMS: Form[] = [
  ['HTTP/0.9', (target) => `GET ${target}\r\n\r\n`],
  ['HTTP/0.9 with fields', line((target) => `GET ${target}`)],
  ['HTTP/0.9 in words', line((target) => `GET ${target} HTTP/0.9`)],
  ['HTTP/1.2', line((target) => `GET ${target} HTTP/1.2`)],
  ['HTTP/1.10', line((target) => `GET ${target} HTTP/1.10`)],
  ['HTTP/2.0', line((target) => `GET ${target} HTTP/2.0`)],
  ['HTTP/3.0', line((target) => `GET ${target} HTTP/3.0`)],
  ['HTTP/2', line((target) => `GET ${target} HTTP/2`)],
  ['the preface of HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['lower-case http/1.1', line((target) => `GET ${target} http/1.1`)],
  ['ICE/1.0', line((target) => `SOURCE ${target} ICE/1.0`)],
  ['GET of ICE/1.0', line((target) => `GET ${target} ICE/1.0`)],
  ['RTSP/1.0', line((target) => `DESCRIBE ${target} RTSP/1.0`)],
  ['a lower-case method', line((target) => `get ${target} HTTP/1.1`)],
  ['a method in mixed case', line((target) => `GeT ${target} HTTP/1.1`)],
  ['a method of 8 KiB', line((target) => `${'G'.repeat(8192)} ${target} HTTP/1.1`)],
  ['a method that is no token', line((target) => `GE(T ${target} HTTP/1.1`)],
  ['a method that Node does not know', line((target) => `BREW ${target} HTTP/1.1`)],
  ['no method', line((target) => ` ${target} HTTP/1.1`)],
  ['two blanks', line((target) => `GET  ${target}  HTTP/1.1 x`)],
  ['a tab', line((target) => `GET\t${target}\tHTTP/1.1`)],
  ['* for GET', line(() => 'GET * HTTP/1.1')],
  ['ftp:', line(() => `GET ftp://${host()}/ HTTP/1.1`)],
  ['file:', line(() => 'GET file:///etc/passwd HTTP/1.1')],
  ['a fragment', line((target) => `GET ${target}#a HTTP/1.1`)],
  ['a fragment behind the host', line(() => `GET http://${host()}#@smuggled.test/ HTTP/1.1`)],
  ['user information', line(() => `GET http://a@${host()}/ HTTP/1.1`)],
  ['a control character', line((target) => `GET ${target}\x1b HTTP/1.1`)],
  ['a byte over 127', line((target) => `GET ${target}\xe9 HTTP/1.1`)],
  ['no target', line(() => 'GET HTTP/1.1')],
];
/** Names that only the proxy itself is asked for: a tunnel leads to one host. */
const PROXY_FORMS: Form[] = [
  ['//evil', line(() => 'GET //smuggled.test/ HTTP/1.1')],
  ['origin form', line(() => 'GET /x HTTP/1.1')],
  ['* for OPTIONS', line(() => 'OPTIONS * HTTP/1.1')],
  ['https:', line(() => `GET https://${host()}/ HTTP/1.1`)],
  ['authority form', line(() => `GET ${host()} HTTP/1.1`)],
];

describe('I-02 odd request lines', () => {
  it.each(FORMS)('I-02 %s is refused by the proxy itself', async (_name, text) => {
    await expectRefused('absolute', text(targetOf('absolute')), [400]);
  });

  it.each(PROXY_FORMS)('I-02 %s is refused by the proxy itself', async (_name, text) => {
    await expectRefused('absolute', text(''), [400]);
  });

  it.each(FORMS)('I-02 %s is refused inside a tunnel', async (_name, text) => {
    // First bytes that are no HTTP end the tunnel without an answer.
    await expectRefused('tunnel', text(targetOf('tunnel')), [0, 400]);
  });

  it.each(
    ROUTES.flatMap((route) => ['GET', 'OPTIONS'].map((method) => [method, route])) as [
      string,
      Route,
    ][],
  )(
    'I-02 %s of RTSP/1.0, which Node takes for HTTP/1.0, leaves as HTTP/1.1 and is recorded (%s)',
    async (method, route) => {
      const text = `${method} ${targetOf(route)} RTSP/1.0\r\nHost: ${host()}\r\n\r\n`;
      const { answer, records } = await send(route, text, method);
      expect(answer).toMatchObject({ status: 200, body: '/x' });
      expect(records).toMatchObject([{ event: 'allowed', fields: { method } }]);
      // The oracle reads nothing else but HTTP/1.1.
      expect(origin.requests).toMatchObject([{ method, target: '/x' }]);
      expect(origin.problems).toEqual([]);
    },
  );

  it.each(
    ROUTES.flatMap((route) =>
      ['PURGE', 'REPORT', 'M-SEARCH', 'PROPFIND', 'QUERY', 'LINK'].map((method) => [method, route]),
    ) as [string, Route][],
  )('I-02 %s, which is rare, is forwarded and recorded (%s)', async (method, route) => {
    const head = `${method} ${targetOf(route)} HTTP/1.1\r\nHost: ${host()}\r\n`;
    const { answer, records } = await send(route, `${head}Content-Length: 5\r\n\r\nhello`, method);
    expect(answer).toMatchObject({ status: 200, body: '/x' });
    expect(records).toMatchObject([{ event: 'allowed', fields: { method, req_bytes: 5 } }]);
    expect(origin.requests).toMatchObject([{ method, target: '/x', body: Buffer.from('hello') }]);
  });
});

const LAST = [
  `Content-Length: ${SMUGGLED.length}`,
  'Transfer-Encoding: chunked',
  'Host: smuggled.test',
  'Connection: close',
];
const COUNTS = [101, 1001, 1100, 2000, 5000];
const withFields = (count: number, last: string, start: string) => {
  const others = Array.from({ length: count - 2 }, () => 'a:b');
  const isChunked = last.endsWith('chunked');
  const body = isChunked ? `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n` : SMUGGLED;
  return [start, `Host: ${host()}`, ...others, last, '', body].join('\r\n');
};
const MANY = ROUTES.flatMap((route) =>
  COUNTS.flatMap((count) => LAST.map((last) => [count, last, route] as const)),
);

describe('I-03 heads of many fields', () => {
  it.each(MANY)('I-03 %i fields, %s placed last, are refused (%s)', async (count, last, route) => {
    for (const method of ['GET', 'POST']) {
      await proxy.forget();
      const start = `${method} ${targetOf(route)} HTTP/1.1`;
      await expectRefused(route, withFields(count, last, start), [431]);
    }
  });

  it.each(COUNTS)('I-03 a CONNECT of %i fields is refused', async (count) => {
    const text = withFields(count, 'Connection: close', `CONNECT ${host()} HTTP/1.1`);
    await expectRefused('absolute', text, [431]);
  });

  it.each(ROUTES)(
    'I-03 100 fields with the length placed last are forwarded (%s)',
    async (route) => {
      const start = `POST ${targetOf(route)} HTTP/1.1`;
      const { answer } = await send(route, withFields(100, LAST[0] ?? '', start), 'POST');
      expect(answer).toMatchObject({ status: 200, body: '/x', rest: '' });
      expect(origin.requests).toHaveLength(1);
      expect(origin.requests[0]?.body.toString()).toBe(SMUGGLED);
    },
  );
});
