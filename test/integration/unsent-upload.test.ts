// An answer that comes before its upload has been handed on: what is not on the record does not follow.

import { once } from 'node:events';
import { createSecureServer, type Http2SecureServer, connect as http2Connect } from 'node:http2';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as tlsConnect } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { portOf } from '../support/free-port.ts';
import { connectThrough } from '../support/raw.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';
import { tempDir } from '../support/temp-dir.ts';
import { makeTestCa } from '../support/test-ca.ts';

const dir = await tempDir();
let server: Http2SecureServer;
let proxy: TestProxy;
let got = 0;

beforeAll(async () => {
  const ca = await makeTestCa(dir.path);
  server = createSecureServer(await ca.issue(['localhost']));
  server.on('stream', (stream) => {
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => {
      got += chunk.length;
    });
    // Its window is full by now; it answers, and then reads on.
    stream.pause();
    void pause(200).then(async () => {
      stream.respond({ ':status': 200 });
      stream.end('ok');
      await pause(200);
      stream.resume();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await startProxy({ rootsFile: ca.caFile });
});
afterAll(async () => {
  await proxy.close();
  server.close();
  await dir.close();
});

it.each(['h1', 'h2'] as const)('from a client of %s', async (proto) => {
  await proxy.forget();
  got = 0;
  const authority = `localhost:${portOf(server.address())}`;
  const size = 150_000;
  const { socket: outer } = await connectThrough(proxy.port, authority);
  const ALPNProtocols = [proto === 'h1' ? 'http/1.1' : 'h2'];
  const tls = tlsConnect({
    socket: outer,
    servername: 'localhost',
    ca: proxy.caPem,
    ALPNProtocols,
  });
  tls.on('error', () => {});
  if (proto === 'h1') {
    tls.write(`POST / HTTP/1.1\r\nHost: ${authority}\r\nContent-Length: ${size}\r\n\r\n`);
    tls.write(Buffer.alloc(size, 'x'));
  } else {
    const session = http2Connect(`https://${authority}`, { createConnection: () => tls });
    session.on('error', () => {});
    const stream = session.request({ ':method': 'POST', 'content-length': String(size) });
    stream.on('error', () => {});
    stream.resume();
    stream.end(Buffer.alloc(size, 'x'));
  }
  const allowed = () => proxy.link.records.find(({ event }) => event === 'allowed');
  await expect.poll(allowed, { timeout: 5_000 }).toBeDefined();
  // What a wrong leash would let through comes within the time in which the upstream reads on.
  await pause(500);
  const { fields } = allowed() ?? {};
  expect(fields).toMatchObject({ status: 200, req_unfinished: true });
  expect(got).toBeLessThanOrEqual(fields?.req_bytes ?? 0);
  outer.destroy();
});
