// ClientHellos of real clients, taken from a real socket.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type ConnectionOptions, connect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { readClientHello } from '../../src/worker/tls/client-hello.ts';

type Start = (port: number) => { stop(): void };

describe('readClientHello() on real clients', () => {
  it.each<[string, ConnectionOptions, string | null]>([
    ['with a servername', { servername: 'api.example.com' }, 'api.example.com'],
    ['without a servername', { host: '127.0.0.1' }, null],
    ['with ALPN', { servername: 'example.com', ALPNProtocols: ['h2', 'http/1.1'] }, 'example.com'],
    ['of TLS 1.2 only', { servername: 'example.com', maxVersion: 'TLSv1.2' }, 'example.com'],
    ['of TLS 1.3 only', { servername: 'example.com', minVersion: 'TLSv1.3' }, 'example.com'],
  ])('reads the hello of Node %s', async (_what, options, name) => {
    const hello = await capture((port) => {
      const client = connect({ ...options, host: '127.0.0.1', port }).on('error', () => {});
      return { stop: () => client.destroy() };
    });
    expectHello(hello, name);
  });

  it.each<[string, string[], string | null]>([
    ['with a servername', ['-servername', 'api.example.com'], 'api.example.com'],
    ['without a servername', ['-noservername'], null],
    [
      'of TLS 1.2 with ALPN',
      ['-tls1_2', '-alpn', 'h2', '-servername', 'a_b.example'],
      'a_b.example',
    ],
    [
      'of TLS 1.3 cut into small records',
      ['-tls1_3', '-servername', 'example.com', '-max_send_frag', '512', '-split_send_frag', '512'],
      'example.com',
    ],
  ])('reads the hello of openssl s_client %s', async (_what, args, name) => {
    const hello = await capture((port) => {
      const client = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...args], {
        stdio: 'ignore',
      });
      return { stop: () => client.kill() };
    });
    expectHello(hello, name);
  });
});

function expectHello(hello: Buffer, name: string | null): void {
  expect(readClientHello(hello)).toEqual({ done: true, serverName: name });
  for (let length = 0; length < hello.length; length++) {
    expect(readClientHello(hello.subarray(0, length))).toEqual({ done: false });
  }
}

/** What a client sends first: it waits for the answer, so this is its hello and nothing else. */
async function capture(start: Start): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = start((server.address() as AddressInfo).port);
  const [socket] = (await once(server, 'connection')) as [Socket];
  let bytes = Buffer.alloc(0);
  for await (const chunk of socket) {
    bytes = Buffer.concat([bytes, chunk as Buffer]);
    const verdict = readClientHello(bytes);
    if ('problem' in verdict || verdict.done) break;
  }
  client.stop();
  server.close();
  return bytes;
}
