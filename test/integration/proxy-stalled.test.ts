// Clients and upstreams that stop in the middle: each exchange ends, with a record, and nothing of it
// stays open.

import { createServer, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { handleExchange } from '../../src/worker/exchange.ts';
import { Http1Client } from '../../src/worker/http/http1-client.ts';
import { connectThrough, openSocket, readUntil } from '../support/raw.ts';
import { run } from '../support/run-client.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';
import { waitFor } from '../support/wait-for.ts';

let origin: Origin;
let proxy: TestProxy;
/** Of the origin, to leash. */
const connections = new Set<Socket>();

/** Most of it at once, 100,000 bytes in pieces that arrive one by one. */
async function sendInPieces(response: ServerResponse, size: number): Promise<void> {
  const pieces = 25;
  response.writeHead(200, { 'content-length': size });
  response.write(Buffer.alloc(size - pieces * 4_000, 'x'));
  for (let n = 0; n < pieces && !response.destroyed; n += 1) {
    response.write(Buffer.alloc(4_000, 'x'));
    await pause(5);
  }
  response.end();
}

/** More than a client takes that does not read, and then what still fits into one buffer. */
async function sendTwice(response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-length': 52_000 });
  response.write(Buffer.alloc(40_000, 'x'));
  await pause(50);
  response.end(Buffer.alloc(12_000, 'x'));
}

beforeAll(async () => {
  origin = await startOrigin({
    handler: async (request, response) => {
      connections.add(request.socket);
      request.socket.once('close', () => connections.delete(request.socket));
      const [, kind, size] = (request.url ?? '').split('/');
      if (kind === 'bytes') await sendInPieces(response, Number(size));
      else if (kind === 'twice') await sendTwice(response);
      else if (kind !== 'silent') response.end('ok');
    },
  });
  proxy = await startProxy({ env: { LEASH_EXCHANGE_IDLE_S: '4' } });
});
afterAll(async () => {
  await proxy.close();
  await origin.close();
});
beforeEach(async () => {
  await proxy.forget();
  origin.requests.length = 0;
});

const host = () => `127.0.0.1:${origin.port}`;
const get = (path: string) => `GET http://${host()}${path} HTTP/1.1\r\nHost: ${host()}\r\n\r\n`;

describe('an exchange that does not move ends', () => {
  it('with 504 when the upstream is silent, also for as long as the pool keeps connections', async () => {
    const socket = await openSocket(proxy.port);
    socket.write(get('/silent'));
    const answer = await readUntil(socket, {
      until: (text) => text.includes('failed ('),
      timeoutMs: 8_000,
    });
    expect(answer).toMatch(/^HTTP\/1\.1 504 [\s\S]*silent for too long/);
    expect(await proxy.ended(1)).toMatchObject([{ event: 'error', fields: { status: 504 } }]);
  });

  it('when the client does not read its answer, wherever the last bytes of it wait', async () => {
    const held = await bytesHeld();
    const sizes = Array.from({ length: 32 }, (_, n) => held - 48_000 + n * 4_000);
    const sockets = await Promise.all(sizes.map((size) => stalled(`/bytes/${size}`)));
    // Node gives a write that had got on somewhat a second term.
    await proxy.ended(sizes.length, 30_000);
    const closed = { what: 'the upstreams to close', timeoutMs: 10_000 };
    await waitFor(() => connections.size === 0, closed);
    for (const socket of sockets) socket.destroy();
  }, 60_000);

  it('when the client leaves before an answer that has arrived whole', async () => {
    // A connection without buffers of a kernel: what is not read waits in leash.
    const [near, far] = duplexPair();
    const server = createServer((request, response) => {
      void handleExchange({
        deps: proxy.deps,
        stream: new Http1Client(request, response),
        client: '127.0.0.9',
        tunnel: null,
        local: '127.0.0.1:8080',
      });
    });
    server.emit('connection', far);
    near.write(get('/twice'));
    await expect.poll(() => connections.size).toBe(1);
    await expect.poll(() => [...connections][0]?.bytesWritten).toBeGreaterThan(52_000);
    const paused = { what: 'leash to wait for its client', everyMs: 50 };
    await waitFor(() => far.writableNeedDrain, paused);
    for (const side of [near, far]) side.destroy();
    expect(await proxy.ended(1)).toMatchObject([{ event: 'error' }]);
    await waitFor(() => connections.size === 0, {
      what: 'the upstream to close',
      timeoutMs: 2_000,
    });
  });
});

/** A client that sends a request and reads nothing. */
async function stalled(path: string, port = proxy.port): Promise<Socket> {
  const socket = await openSocket(port);
  socket.pause();
  socket.write(get(path));
  return socket;
}

/** How much of an answer leash and the kernel hold for a client that does not read. */
async function bytesHeld(): Promise<number> {
  const socket = await stalled('/bytes/60000000');
  const [record] = await proxy.ended(1);
  socket.destroy();
  await waitFor(() => connections.size === 0, { what: 'the upstream to close', timeoutMs: 10_000 });
  await proxy.forget();
  return record?.fields.bytes ?? 0;
}

const UPLOAD = `
import socket, sys
s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
s.sendall(b'POST http://10.1.2.3/ HTTP/1.1\\r\\nHost: 10.1.2.3\\r\\nContent-Length: 30000000\\r\\n\\r\\n')
for _ in range(300): s.sendall(b'x' * 100000)
print(s.recv(100).decode())
`;

describe('a refusal', () => {
  it('reaches a client that is in the middle of a long upload', async () => {
    // As many clients do: all is sent before anything is read.
    const { code, stdout, stderr } = await run('python3', ['-c', UPLOAD, String(proxy.port)]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^HTTP\/1\.1 403 /);
  });

  it('of a request without a body keeps the connection, in a tunnel, too', async () => {
    const { socket } = await connectThrough(proxy.port, host());
    const inner = (name: string) => `GET / HTTP/1.1\r\nHost: ${name}\r\n\r\n`;
    socket.write(inner('other.test'));
    const refused = await readUntil(socket, { until: (text) => text.includes('blocked (') });
    expect(refused).toMatch(/^HTTP\/1\.1 421 /);
    expect(refused).not.toMatch(/connection: close/i);
    socket.write(inner(host()));
    expect(await readUntil(socket, { until: (text) => text.endsWith('ok') })).toMatch(
      /^HTTP\/1\.1 200 /,
    );
    socket.destroy();
    await proxy.ended(3);
  });
});

describe('a request to upgrade', () => {
  it('is the last one of its connection: what stands behind it is not served', async () => {
    const upgrade = get('/').replace('\r\n\r\n', '\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    const socket = await openSocket(proxy.port);
    socket.write(upgrade + get('/second'));
    const answer = await readUntil(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*connection: close/i);
    expect(origin.requests.map(({ url }) => url)).toEqual(['/']);
    expect(origin.requests[0]?.rawHeaders).not.toContain('Upgrade');
  });
});
