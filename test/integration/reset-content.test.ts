// Answers with 205, which have no content (RFC 9110 15.3.6), from each version of HTTP to HTTP/2, where
// nothing but the end can follow its head: also where the upstream sends or announces some.

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { END_HEADERS, END_STREAM, FRAME, frame } from '../support/http2-frames.ts';
import { type RawHttp2Origin, startRawHttp2Origin } from '../support/raw-http2-origin.ts';
import { type RawOrigin, startRawOrigin } from '../support/raw-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';

let h1: RawOrigin;
let h2: RawHttp2Origin;
let proxy: TestProxy;
/** Of the one origin: what comes behind its status line. */
let reply = '';

beforeAll(async () => {
  h2 = await startRawHttp2Origin();
  const answer = () => `HTTP/1.1 205 Reset Content\r\n${reply}`;
  h1 = await startRawOrigin({ tls: h2.certificate, answer });
  proxy = await startProxy({ rootsFile: h2.caFile });
});
afterAll(async () => {
  await proxy.close();
  await h1.close();
  await h2.close();
});
beforeEach(async () => {
  await proxy.forget();
});

/** What a client of HTTP/2 gets: a whole answer and nothing in it. */
async function expectEmpty(port: number, version = '--http2'): Promise<void> {
  const url = `https://localhost:${port}/`;
  const { stdout, stderr } = await proxy.curl(version, '-w', '%{http_code}', url);
  expect([stdout, stderr]).toEqual(['205', '']);
  expect((await proxy.ended(2))[0]).toMatchObject({
    event: 'allowed',
    fields: { status: 205, bytes: 0 },
  });
}

it.each([
  'Content-Length: 0\r\n\r\n',
  'Content-Length: 5\r\n\r\nhello',
  'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
])('from HTTP/1: %j', async (rest) => {
  reply = rest;
  await expectEmpty(h1.port);
});

type Fields = [name: string, value: string][];
it.each<[string, Fields, string | null]>([
  ['that ends with its head', [], null],
  ['that says 0 bytes', [['content-length', '0']], null],
  ['that ends behind its head', [], ''],
  ['with content', [], 'hello'],
  ['with content that is announced', [['content-length', '5']], 'hello'],
])('from HTTP/2, %s', async (_name, fields, content) => {
  h2.onHead = (connection, stream) => {
    const flags = content === null ? END_HEADERS | END_STREAM : END_HEADERS;
    connection.answer(stream, [[':status', '205'], ...fields], flags);
    if (content === null) return;
    connection.socket.write(frame(FRAME.data, END_STREAM, stream, Buffer.from(content)));
  };
  await expectEmpty(h2.port);
});

it('from HTTP/2 to HTTP/1', async () => {
  h2.onHead = (connection, stream) =>
    connection.answer(stream, [[':status', '205']], END_HEADERS | END_STREAM);
  await expectEmpty(h2.port, '--http1.1');
});
