// A real WebSocket client by way of a proxy under test.

import { once } from 'node:events';
import { connect as tlsConnect } from 'node:tls';
import { type ClientOptions, WebSocket } from 'ws';
import type { FlowFields } from '../../src/shared/audit-event.ts';
import { connectThrough } from './raw.ts';
import type { TestProxy } from './start-proxy.ts';

/** A proxy under test, and the CA that its clients trust. */
export type Via = Pick<TestProxy, 'port' | 'caPem'>;

/** TLS in a tunnel to a port of 127.0.0.1, as a client opens it; its end ends the tunnel. */
export async function openTls(proxy: Via, port: number) {
  const { socket, status } = await connectThrough(proxy.port, `127.0.0.1:${port}`);
  if (status !== 200) throw new Error(`No tunnel: ${status}`);
  const options = { ca: proxy.caPem, host: '127.0.0.1', ALPNProtocols: ['http/1.1'] };
  const inner = tlsConnect({ socket, ...options });
  inner.on('error', () => {});
  inner.on('close', () => socket.destroy());
  await once(inner, 'secureConnect');
  return inner;
}

export type DialOptions = ClientOptions & {
  readonly path?: string;
  /** In a tunnel without TLS. */
  readonly plain?: boolean;
};

/** A WebSocket in a tunnel; nothing has been waited for. */
export async function dial(
  proxy: Via,
  port: number,
  { path = '/echo', plain = false, ...options }: DialOptions = {},
): Promise<WebSocket> {
  const inner = plain
    ? (await connectThrough(proxy.port, `127.0.0.1:${port}`)).socket.resume()
    : await openTls(proxy, port);
  const own = { createConnection: () => inner, perMessageDeflate: false, ...options };
  const scheme = plain ? 'ws' : 'wss';
  const socket = new WebSocket(`${scheme}://127.0.0.1:${port}${path}`, own as ClientOptions);
  socket.on('error', () => {});
  return socket;
}

/** The same, open. */
export async function open(
  proxy: Via,
  port: number,
  options: DialOptions = {},
): Promise<WebSocket> {
  const socket = await dial(proxy, port, options);
  await once(socket, 'open');
  return socket;
}

/** Sends, and waits for what comes back. */
export async function echo(socket: WebSocket, data: string | Buffer): Promise<Buffer> {
  const back = once(socket, 'message');
  socket.send(data);
  const [message] = await back;
  return message as Buffer;
}

export async function close(socket: WebSocket, code = 1000, reason = 'done'): Promise<void> {
  const closed = once(socket, 'close');
  socket.close(code, reason);
  await closed;
}

/** Records of messages, of one side. */
export function messagesOf(proxy: TestProxy, direction: 'client' | 'server'): FlowFields[] {
  return proxy.link.records
    .filter(({ event, fields }) => event === 'websocket' && fields.direction === direction)
    .map(({ fields }) => fields);
}

/** The head of a handshake as a client sends it, with these lines more. */
export function handshakeHead(target: string, host: string, ...lines: string[]): string {
  const fields = [
    `Host: ${host}`,
    ...['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  return [`GET ${target} HTTP/1.1`, ...fields, ...lines, '', ''].join('\r\n');
}
