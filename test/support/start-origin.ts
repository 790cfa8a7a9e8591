// A recording HTTP or HTTPS server on 127.0.0.1: what left the proxy, byte for byte.

import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import type { Server, Socket } from 'node:net';
import { portOf } from './free-port.ts';
import { type Handler, originRoutes } from './origin-routes.ts';
import { type TempDir, tempDir } from './temp-dir.ts';
import { makeTestCa, type TestCa } from './test-ca.ts';

export type OriginOptions = {
  /** HTTPS with a certificate for these names; `ca` where several origins share one CA. */
  readonly tls?: {
    readonly names: readonly string[];
    readonly ca?: TestCa;
    /** HTTP/2 for whoever asks for it, with the same handler. */
    readonly http2?: boolean;
  };
  /** Instead of the built-in routes. */
  readonly handler?: Handler;
  /** Says no 100 by itself to a client that waits for one. */
  readonly keepExpectation?: boolean;
};

export type OriginRequest = {
  readonly method: string;
  readonly url: string;
  /** What it came in: `1.1` or `2.0`. */
  readonly httpVersion: string;
  /** Name and value in turn, as received. */
  readonly rawHeaders: readonly string[];
  /** Of the body so far; final when `complete`. */
  bytes: number;
  /** SHA-256 of the body in hex; empty until `complete`. */
  sha256: string;
  complete: boolean;
};

export type Origin = {
  readonly port: number;
  /** `http://127.0.0.1:port`, or https. */
  readonly url: string;
  /** CA file that clients need; empty for http. */
  readonly caFile: string;
  readonly requests: OriginRequest[];
  /** TCP connections that were accepted so far, with or without a request. */
  connections(): number;
  close(): Promise<void>;
};

/** What servers offer who expect uploads; with Node's 64 KiB each of them waits for its window. */
const HTTP2_WINDOW_BYTES = 1024 * 1024;

/** Starts it on a free port; see `originRoutes` for what it answers. */
export async function startOrigin(options: OriginOptions = {}): Promise<Origin> {
  const { handler = originRoutes, tls } = options;
  const requests: OriginRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let dir: TempDir | null = null;
  let caFile = '';

  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    requests.push(record(request));
    // A client that goes away in the middle is part of many tests.
    response.on('error', () => {});
    Promise.resolve(handler(request, response)).catch(() => response.destroy());
  };
  let server: Server;
  if (tls === undefined) server = createServer(onRequest);
  else {
    if (tls.ca === undefined) dir = await tempDir();
    const ca = tls.ca ?? (await makeTestCa(dir?.path ?? ''));
    caFile = ca.caFile;
    const certificate = await ca.issue(tls.names);
    server =
      tls.http2 === true
        ? createHttp2Server(certificate, onRequest)
        : createTlsServer(certificate, onRequest);
  }
  if (options.keepExpectation) server.on('checkContinue', onRequest);
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server.address());

  return {
    port,
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    caFile,
    requests,
    connections: () => connections,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
      await dir?.close();
    },
  };
}

/** Node's HTTP/2 objects have what the handlers use of HTTP/1's; its types do not say so. */
function createHttp2Server(
  certificate: { readonly key: string; readonly cert: string },
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  const settings = { initialWindowSize: HTTP2_WINDOW_BYTES };
  const server = createSecureServer({ ...certificate, settings, allowHTTP1: true });
  server.on('session', (session) => session.setLocalWindowSize(HTTP2_WINDOW_BYTES));
  server.on('request', (request, response) =>
    onRequest(request as unknown as IncomingMessage, response as unknown as ServerResponse),
  );
  return server;
}

/** Counts and hashes beside the handler: it sees each chunk that the parser pushes, and takes none. */
function record(request: IncomingMessage): OriginRequest {
  const entry: OriginRequest = {
    method: request.method ?? '',
    url: request.url ?? '',
    httpVersion: request.httpVersion,
    rawHeaders: request.rawHeaders,
    bytes: 0,
    sha256: '',
    complete: false,
  };
  const hash: Hash = createHash('sha256');
  const push = request.push.bind(request);
  request.push = (chunk: Buffer | null, encoding?: BufferEncoding) => {
    // HTTP/2 says the end twice: when the body ends, and when the stream is closed.
    if (chunk === null && !entry.complete) {
      entry.sha256 = hash.digest('hex');
      entry.complete = true;
    } else if (chunk !== null) {
      entry.bytes += chunk.length;
      hash.update(chunk);
    }
    return push(chunk, encoding);
  };
  return entry;
}
