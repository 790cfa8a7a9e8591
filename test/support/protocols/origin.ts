// An origin that speaks HTTP/1.1, HTTP/2 or both under TLS on 127.0.0.1, and notes how each request
// ended.

import { once } from 'node:events';
import { createServer as createH1 } from 'node:http';
import { constants, createServer as createH2 } from 'node:http2';
import { createServer, type TLSSocket } from 'node:tls';
import { portOf } from '../free-port.ts';
import { waitFor } from '../wait-for.ts';
import { type Call, callOfH1, callOfH2, type Note } from './call.ts';
import { serve } from './routes.ts';

/** `both`: HTTP/2, and HTTP/1.1 for those who offer no more. */
export type Speaks = 'h1' | 'h2' | 'both';

export type ProtocolOrigin = {
  readonly port: number;
  /** Of all requests so far, in order. */
  readonly notes: readonly Note[];
  /** The note of a request, by path and query; waits for it to arrive. */
  arrived(url: string): Promise<Note>;
  /** The same, once it has ended. */
  ended(url: string, timeoutMs?: number): Promise<Note>;
  /** Breaks a request off that runs: RST_STREAM with this code, or the end of its connection. */
  reset(url: string, code: number): void;
  close(): Promise<void>;
};

type Certificate = { readonly key: string; readonly cert: string };

const ALPN = { h1: ['http/1.1'], h2: ['h2'], both: ['h2', 'http/1.1'] };

/** So much of a body may be on its way: a hundred megabytes are not to wait for round trips. */
const WINDOW = 4 * 1024 * 1024;

export async function startProtocolOrigin(
  speaks: Speaks,
  certificate: Certificate,
): Promise<ProtocolOrigin> {
  const notes: Note[] = [];
  const calls = new Map<string, Call>();
  const sockets = new Set<TLSSocket>();
  const run = (call: Call) => {
    notes.push(call.note);
    calls.set(call.note.url, call);
    // A client that goes away in the middle is part of many tests.
    Promise.resolve(serve(call)).catch(() => call.reset(constants.NGHTTP2_INTERNAL_ERROR));
  };
  const h1 = createH1((request, response) => run(callOfH1(request, response)));
  const h2 = createH2({ settings: { initialWindowSize: WINDOW } });
  h2.on('session', (session) => {
    session.on('error', () => {});
    session.setLocalWindowSize(WINDOW);
  });
  h2.on('stream', (stream, headers) => run(callOfH2(stream, headers)));

  const server = createServer(
    { ...certificate, noDelay: true, ALPNProtocols: ALPN[speaks] },
    (socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
      (socket.alpnProtocol === 'h2' ? h2 : h1).emit('connection', socket);
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    port: portOf(server.address()),
    notes,
    arrived: (url) =>
      waitFor(() => calls.get(url)?.note, { what: `${url} at the origin`, everyMs: 5 }),
    ended: (url, timeoutMs = 5_000) =>
      waitFor(() => notes.findLast((note) => note.url === url && note.ended !== ''), {
        what: `the end of ${url} at the origin`,
        timeoutMs,
        everyMs: 5,
      }),
    reset: (url, code) => calls.get(url)?.reset(code),
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
