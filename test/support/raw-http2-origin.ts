// An upstream of HTTP/2 that a test plays frame by frame: what no server library would send, or leave
// undone. It does not close a connection by itself, also where the other side has.

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createServer } from 'node:tls';
import { portOf } from './free-port.ts';
import {
  END_HEADERS,
  FRAME,
  type Frame,
  frame,
  headerBlock,
  onFrames,
  PREFACE,
} from './http2-frames.ts';
import { tempDir } from './temp-dir.ts';
import { makeTestCa } from './test-ca.ts';

export type RawHttp2Connection = {
  readonly socket: Socket;
  /** Those that came. */
  readonly frames: Frame[];
  /** Asks: only who writes hears that nobody is there any more. */
  isGone(): boolean;
  answer(stream: number, fields: readonly (readonly [string, string])[], flags?: number): void;
};

export type RawHttp2Origin = {
  readonly port: number;
  readonly caFile: string;
  /** For other servers of that name. */
  readonly certificate: { readonly key: string; readonly cert: string };
  /** In the order in which they came. */
  readonly connections: RawHttp2Connection[];
  /** Plays the upstream: called with each HEADERS frame. */
  onHead: (connection: RawHttp2Connection, stream: number) => void;
  close(): Promise<void>;
};

/** Starts it on a free port, with a certificate for `localhost`. */
export async function startRawHttp2Origin(): Promise<RawHttp2Origin> {
  const dir = await tempDir();
  const ca = await makeTestCa(dir.path);
  const certificate = await ca.issue(['localhost']);
  const connections: RawHttp2Connection[] = [];
  const server = createServer(
    { ...certificate, ALPNProtocols: ['h2'], allowHalfOpen: true },
    (socket) => {
      const connection = connectionOf(socket);
      connections.push(connection);
      onFrames(socket, PREFACE.length, (each) => {
        connection.frames.push(each);
        if (each.type === FRAME.headers) origin.onHead(connection, each.stream);
      });
      socket.write(frame(FRAME.settings, 0, 0, Buffer.alloc(0)));
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin: RawHttp2Origin = {
    port: portOf(server.address()),
    caFile: ca.caFile,
    certificate,
    connections,
    onHead() {},
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const { socket } of connections) socket.destroy();
      await closed;
      await dir.close();
    },
  };
  return origin;
}

function connectionOf(socket: Socket): RawHttp2Connection {
  socket.on('error', () => {});
  return {
    socket,
    frames: [],
    isGone() {
      if (socket.writable) socket.write(frame(FRAME.ping, 0, 0, Buffer.alloc(8)));
      return socket.closed;
    },
    answer(stream, fields, flags = END_HEADERS) {
      socket.write(frame(FRAME.headers, flags, stream, headerBlock(fields)));
    },
  };
}
