// TLS between client and leash after its handshake: what breaks it ends the connection at once.

import { connect as tlsConnect } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectThrough } from '../support/raw.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';

let origin: Origin;
let proxy: TestProxy;

beforeAll(async () => {
  origin = await startOrigin({ tls: { names: ['localhost'] } });
  proxy = await startProxy({ rootsFile: origin.caFile });
});
afterAll(async () => {
  await proxy.close();
  await origin.close();
});

/** A client with TLS 1.2 in a tunnel that has sent a request whose answer does not come. */
async function openSession() {
  const { socket } = await connectThrough(proxy.port, `localhost:${origin.port}`);
  const tls = tlsConnect({
    socket,
    servername: 'localhost',
    ca: proxy.caPem,
    maxVersion: 'TLSv1.2',
  });
  const closed = new Promise<void>((resolve) => tls.once('close', () => resolve()));
  tls.on('error', () => {});
  await new Promise((resolve) => tls.once('secureConnect', resolve));
  tls.write(`GET /sse?n=1000&every=1000 HTTP/1.1\r\nHost: localhost:${origin.port}\r\n\r\n`);
  await new Promise((resolve) => tls.once('data', resolve));
  tls.resume();
  return { socket, tls, closed };
}

it('a client that wants to renegotiate is cut off, and its exchange ends', async () => {
  await proxy.forget();
  const { tls, closed } = await openSession();
  tls.renegotiate({ rejectUnauthorized: false }, () => {});
  await closed;
  expect(await proxy.ended(2)).toMatchObject([{ event: 'error' }, { event: 'connect_closed' }]);
});

it('a record that is none ends the connection and its exchange', async () => {
  await proxy.forget();
  const { socket, closed } = await openSession();
  socket.write(Buffer.concat([Buffer.from('1703030020', 'hex'), Buffer.alloc(32, 0x5a)]));
  await closed;
  expect(await proxy.ended(2)).toMatchObject([{ event: 'error' }, { event: 'connect_closed' }]);
});
