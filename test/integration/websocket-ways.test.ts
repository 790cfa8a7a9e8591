// The ways to a WebSocket and its place among requests: tunnels without TLS, the proxy itself, servers
// that speak HTTP/2, connections that are used again; silence, and a stop.

import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { connectThrough, openSocket, readUntil } from '../support/raw.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';
import { startWsOrigin, type WsOrigin } from '../support/start-ws-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import { close, echo, handshakeHead, messagesOf, open, openTls } from '../support/ws-client.ts';

let origin: WsOrigin;
let plain: WsOrigin;
let proxy: TestProxy;

beforeAll(async () => {
  [origin, plain] = await Promise.all([startWsOrigin(), startWsOrigin({ tls: false })]);
  proxy = await startProxy({ rootsFile: origin.caFile, env: { LEASH_EXCHANGE_IDLE_S: '1' } });
});
afterAll(async () => {
  await proxy.close();
  await Promise.all([origin.close(), plain.close()]);
});
beforeEach(async () => {
  proxy.setPolicy({});
  await proxy.forget();
  for (const { requests } of [origin, plain]) requests.length = 0;
});

const isSwitched = { until: (text: string) => text.includes('\r\n\r\n') };
const get = (port: number) => `GET /x HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;

describe('a WebSocket', () => {
  it('goes through a tunnel without TLS', async () => {
    const socket = await open(proxy, plain.port, { plain: true });
    expect((await echo(socket, 'plain')).toString()).toBe('plain');
    await close(socket);
    const [exchange] = await proxy.ended(2);
    expect(exchange?.fields).toMatchObject({
      status: 101,
      url: `http://127.0.0.1:${plain.port}/echo`,
    });
    expect(messagesOf(proxy, 'server')[0]?.body).toBe('plain');
  });

  it('speaks HTTP/1 to a server that prefers HTTP/2, also where such a connection is there', async () => {
    const url = `https://127.0.0.1:${origin.port}/x`;
    expect((await proxy.curl('--http2', url)).stdout).toBe('2.0\n');
    const socket = await open(proxy, origin.port);
    expect((await echo(socket, 'one')).toString()).toBe('one');
    await close(socket);
    expect((await proxy.curl('--http2', url)).stdout).toBe('2.0\n');
    expect(origin.requests.map(({ httpVersion }) => httpVersion)).toEqual(['2.0', '1.1', '2.0']);
    await proxy.ended(6);
  });

  it('may follow requests on the same connection, and its own connection serves none after', async () => {
    const inner = await openTls(proxy, origin.port);
    inner.write(get(origin.port));
    await readUntil(inner, { until: (text) => text.endsWith('2.0\n\r\n0\r\n\r\n') });
    inner.write(handshakeHead('/403', `127.0.0.1:${origin.port}`) + get(origin.port));
    const answers = await readUntil(inner);
    expect(answers).toMatch(/^HTTP\/1\.1 403 /);
    expect(answers.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    await proxy.ended(3);
    expect(origin.requests.map(({ url }) => url)).toEqual(['/x', '/403']);
  });

  it('is not begun while answers are due', async () => {
    const { socket } = await connectThrough(proxy.port, `127.0.0.1:${plain.port}`);
    socket.write(get(plain.port) + handshakeHead('/echo', `127.0.0.1:${plain.port}`));
    expect(await readUntil(socket)).not.toMatch(/101 /);
    const records = await proxy.ended(3);
    expect(records.find(({ event }) => event === 'blocked')).toMatchObject({
      fields: { reason: 'malformed: upgrade_after_request' },
    });
    expect(plain.requests.filter(({ url }) => url === '/echo')).toEqual([]);
  });

  it('is given by the proxy itself, with what the client sent right behind its handshake', async () => {
    const socket = await openSocket(proxy.port);
    const target = `http://127.0.0.1:${plain.port}/echo`;
    const frame = Buffer.concat([Buffer.from('818500000000', 'hex'), Buffer.from('early')]);
    socket.write(
      Buffer.concat([Buffer.from(handshakeHead(target, `127.0.0.1:${plain.port}`)), frame]),
    );
    expect(await readUntil(socket, { until: (text) => text.endsWith('early') })).toMatch(
      /\x81\x05early$/,
    );
    socket.destroy();
    await proxy.ended(1);
    expect(messagesOf(proxy, 'client')[0]?.body).toBe('early');
  });

  it('ends after silence, and its record says so', async () => {
    const socket = await open(proxy, origin.port);
    await once(socket, 'close');
    const [exchange] = await proxy.ended(1);
    expect(exchange).toMatchObject({
      event: 'error',
      fields: { proto: 'ws', status: 101, reason: 'silent for too long' },
    });
  });

  it('that becomes something else is carried on, and what it was is on the record', async () => {
    const socket = await openSocket(proxy.port);
    const target = `http://127.0.0.1:${plain.port}/raw`;
    socket.write(handshakeHead(target, `127.0.0.1:${plain.port}`));
    await readUntil(socket, isSwitched);
    socket.write('SSH-2.0-smuggled\r\n');
    await waitFor(() => plain.stray().includes('smuggled'), { what: 'the bytes', everyMs: 5 });
    socket.destroy();
    const [exchange] = await proxy.ended(1);
    expect(exchange?.fields.req_bytes).toBe(18);
    expect(messagesOf(proxy, 'client')).toMatchObject([
      { bytes: 18, body: 'SSH-2.0-smuggled\r\n', reason: expect.stringMatching(/^undecodable: /) },
    ]);
  });
});

describe('a stop', () => {
  it('closes WebSockets with 1001 and says so in their last record', async () => {
    const other = await startProxy({ rootsFile: origin.caFile });
    const socket = await open(other, origin.port);
    await echo(socket, 'x');
    const [served] = origin.clients;
    const both = [once(socket, 'close'), once(served as WebSocket, 'close')];
    await other.drain(50);
    expect((await Promise.all(both)).map(([code]) => code)).toEqual([1001, 1001]);
    expect(await other.ended(2)).toMatchObject([
      { event: 'error', fields: { proto: 'ws', reason: 'shutdown' } },
      { event: 'connect_closed' },
    ]);
    await other.close();
  });
});
