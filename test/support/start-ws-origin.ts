// A WebSocket server on 127.0.0.1 that sends back what it gets, and on other paths answers a handshake
// in ways that a server may, or must not. Over TLS it speaks HTTP/2, too, and prefers it.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { portOf } from './free-port.ts';
import { tempDir } from './temp-dir.ts';
import { makeTestCa } from './test-ca.ts';

export type WsOrigin = {
  readonly port: number;
  readonly caFile: string;
  /** Heads of requests that came, in order. */
  readonly requests: IncomingMessage[];
  /** Bytes that came behind a handshake which was not answered by the rules. */
  readonly stray: () => string;
  /** Connections of WebSocket that are open. */
  readonly clients: ReadonlySet<WebSocket>;
  close(): Promise<void>;
};

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export async function startWsOrigin({ tls = true } = {}): Promise<WsOrigin> {
  const dir = await tempDir();
  const ca = await makeTestCa(dir.path);
  const requests: IncomingMessage[] = [];
  const sockets = new Set<Duplex>();
  let stray = '';
  const options = { noServer: true, perMessageDeflate: { threshold: 0 } };
  const webSockets = new WebSocketServer({ ...options, maxPayload: 64 * 1024 * 1024 });
  webSockets.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  const server = tls
    ? createSecureServer({ ...(await ca.issue(['127.0.0.1'])), allowHTTP1: true })
    : createServer();
  server.on('request', (request: IncomingMessage, response) => {
    requests.push(request);
    response.end(`${request.httpVersion}\n`);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    requests.push(request);
    socket.on('error', () => {});
    const answer = ANSWERS.get(request.url ?? '');
    if (answer === undefined) {
      webSockets.handleUpgrade(request, socket, head, (client) => {
        webSockets.emit('connection', client, request);
      });
      return;
    }
    socket.on('end', () => socket.end());
    socket.on('data', (chunk: Buffer) => {
      stray += chunk.toString('latin1');
    });
    const key = request.headers['sec-websocket-key'] ?? '';
    const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
    socket.write(answer.replace('ACCEPT', accept));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server.address()),
    caFile: ca.caFile,
    requests,
    stray: () => stray,
    clients: webSockets.clients,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
      await dir.close();
    },
  };
}

const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ';
const ANSWERS: ReadonlyMap<string, string> = new Map([
  ['/403', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\n\r\nnot you'],
  ['/200', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain'],
  ['/401', 'HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n'],
  ['/raw', `${SWITCHING}websocket\r\nSec-WebSocket-Accept: ACCEPT\r\n\r\n`],
  ['/other-accept', `${SWITCHING}websocket\r\nSec-WebSocket-Accept: xxx\r\n\r\nraw`],
  ['/no-accept', `${SWITCHING}websocket\r\n\r\nraw`],
  ['/other-protocol', `${SWITCHING}foo\r\nSec-WebSocket-Accept: ACCEPT\r\n\r\nraw`],
  [
    '/other-extension',
    `${SWITCHING}websocket\r\nSec-WebSocket-Accept: ACCEPT\r\nSec-WebSocket-Extensions: foo\r\n\r\nraw`,
  ],
]);
