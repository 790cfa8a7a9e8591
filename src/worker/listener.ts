// The proxy port: one node:http server for what clients send to the proxy and, fed by hand, for what
// they send inside tunnels. Head and time limits live here; CONNECT goes to tunnel.ts, requests to
// exchange.ts. Bytes that are no HTTP end here, with one refusal and one record.

import { type IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { canonicalIp } from '../shared/address.ts';
import { formatAuthority, type Host } from '../shared/host.ts';
import { LIMITS } from '../shared/limits.ts';
import type { WorkerDeps } from './deps.ts';
import { handleExchange } from './exchange.ts';
import type { TunnelContext } from './exchange-state.ts';
import { Flow } from './flow.ts';
import type { ClientStream } from './http/client-stream.ts';
import { Http1Client } from './http/http1-client.ts';
import { CLIENT_GRACE_MS, createHttp1Server } from './http/http1-server.ts';
import { serveHttp2 } from './http/http2-session.ts';
import { formatRawRefusal } from './http/refusal.ts';
import { RunningCount } from './running-count.ts';
import { runTunnel } from './tunnel.ts';
import { lingerThenClose } from './tunnel-state.ts';

export type Listener = {
  /** Stops accepting and lets what runs end; after `timeoutMs` the rest is closed with records. */
  drain(timeoutMs: number): Promise<void>;
};

/** What is known of a connection that requests come from. */
type Connection = {
  readonly client: string;
  readonly tunnel: TunnelContext | null;
  readonly local: string;
  /** Its requests that run. */
  active: number;
  /** To its last request so far. */
  latest: ServerResponse | null;
};

/** Listens on the proxy port. `onListening` or `onFailed` is called once. */
export function startListener(
  deps: WorkerDeps,
  onListening: () => void,
  onFailed: (error: NodeJS.ErrnoException) => void,
): Listener {
  const connections = new WeakMap<Duplex, Connection>();
  const sockets = new Set<Duplex>();
  const sessions = new Set<ServerHttp2Session>();
  const exchanges = new RunningCount();
  const server = createHttp1Server(deps.config);

  server.on('connection', (socket) => {
    // Before anything else: an error on a socket without a listener would end the worker.
    socket.on('error', ignore);
    // Each exchange that runs listens for the end of its connection.
    socket.setMaxListeners(LIMITS.pipelinedRequests + 16);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    if (connections.has(socket)) return;
    const client = canonicalIp(socket.remoteAddress ?? '');
    if (client === null || !deps.clients.openConnection(client)) {
      socket.destroy();
      return;
    }
    socket.once('close', () => deps.clients.closeConnection(client));
    connections.set(socket, openConnection(client, localOf(socket), null));
  });
  server.on('connect', (request, socket, head) => {
    const connection = connections.get(socket);
    if (connection === undefined || !socket.writable) socket.destroy();
    // Answers that are still due would go into the tunnel.
    else if (connection.active > 0) {
      blockedRecord(connection, 400, 'malformed: connect_after_request');
      socket.destroy();
    } else if (connection.tunnel !== null) refuseBytes(socket, connection, 400, 'nested_connect');
    else void openTunnel(request, socket as Socket, head, connection);
  });
  // WebSocket handshakes only: see UpgradeRequest.
  server.on('upgrade', (request, socket, head) => {
    const connection = connections.get(socket);
    if (connection === undefined || !socket.writable || isOver(connection)) socket.destroy();
    // Answers that are still due would go into the WebSocket.
    else if (connection.active > 0) {
      blockedRecord(connection, 400, 'malformed: upgrade_after_request');
      socket.destroy();
    } else run(connection, upgradeStream(request, socket as Socket, head));
  });
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    const connection = connections.get(socket);
    if (connection === undefined) socket.destroy();
    // One that leash has answered with a close is not served any further, nor what stands behind a
    // body that is still read.
    if (connection === undefined || !socket.writable || isOver(connection)) return;
    connection.latest = response;
    if (connection.active >= LIMITS.pipelinedRequests) {
      blockedRecord(connection, 429, 'client_pipelining');
      socket.destroy();
      return;
    }
    run(connection, new Http1Client(request, response));
  };
  server.on('request', onRequest);
  // The upstream is asked whether the body is wanted (RFC 9110 10.1.1).
  server.on('checkContinue', onRequest);
  server.on('checkExpectation', ({ socket }) => {
    const connection = connections.get(socket);
    if (connection === undefined) socket.destroy();
    else if (connection.active > 0) {
      // Its answer would stand in the place of the one that is due.
      blockedRecord(connection, 417, 'malformed: expect');
      socket.destroy();
    } else refuseBytes(socket, connection, 417, 'malformed: expect');
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const connection = connections.get(socket);
    // A request that is under way notices the end of its connection and writes the record.
    if (connection === undefined || connection.active > 0 || !socket.writable) socket.destroy();
    else if (isOver(connection)) lingerThenClose(socket as Socket);
    else refuseParseError(error, socket, connection);
  });
  server.once('error', onFailed);
  server.listen(
    { host: deps.config.bind, port: deps.config.proxyPort, backlog: LIMITS.backlog },
    onListening,
  );

  function run(connection: Connection, stream: ClientStream): void {
    const { client, tunnel, local } = connection;
    connection.active += 1;
    exchanges.begin();
    tunnel?.running.begin();
    void handleExchange({ deps, stream, client, tunnel, local }).then(() => {
      connection.active -= 1;
      exchanges.end();
      tunnel?.running.end();
    });
  }

  /** What the client has to name to come here again, as far as this end of the connection knows. */
  function localOf({ localAddress = '' }: Socket): string {
    const host = canonicalIp(localAddress) ?? '127.0.0.1';
    return deps.config.proxyAddress || formatAuthority(host as Host, deps.config.proxyPort);
  }

  /** The last request so far was, or is, answered with a close. */
  function isOver({ latest }: Connection): boolean {
    return latest?.shouldKeepAlive === false;
  }

  async function openTunnel(
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    { client, local }: Connection,
  ): Promise<void> {
    sockets.add(socket);
    await runTunnel({
      deps,
      request,
      socket,
      head,
      client,
      serve(inner, context) {
        const connection = openConnection(client, local, context);
        if (inner instanceof TLSSocket && inner.alpnProtocol === 'h2') {
          openHttp2(inner, connection, context);
          return;
        }
        connections.set(inner, connection);
        server.emit('connection', inner);
        // Sniffing paused it; the bytes that were put back are read before the socket's own.
        inner.resume();
      },
    });
  }

  function openHttp2(socket: TLSSocket, connection: Connection, tunnel: TunnelContext): void {
    const { idleMs, exchangeIdleMs } = deps.config;
    const session = serveHttp2(socket, {
      idleMs,
      exchangeIdleMs: exchangeIdleMs + CLIENT_GRACE_MS,
      onStream: (stream) => run(connection, stream),
      onProblem(code) {
        tunnel.problem ||= code;
      },
    });
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  }

  /** Bytes that the parser refused. Silence is no request: it ends without a record of its own. */
  function refuseParseError(
    error: NodeJS.ErrnoException,
    socket: Duplex,
    connection: Connection,
  ): void {
    const code = error.code ?? 'PARSE_ERROR';
    if (code === 'ECONNRESET' || code === 'EPIPE') {
      socket.destroy();
    } else if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
      if ((socket as Socket).bytesRead > 0 && connection.tunnel === null) {
        refuseBytes(socket, connection, 408, 'malformed: head_timeout');
      } else socket.destroy();
    } else if (code === 'HPE_HEADER_OVERFLOW') {
      refuseBytes(socket, connection, 431, 'head_too_large');
    } else {
      refuseBytes(socket, connection, 400, `malformed: ${code.toLowerCase()}`);
    }
  }

  function refuseBytes(
    socket: Duplex,
    connection: Connection,
    status: number,
    reason: string,
  ): void {
    const id = blockedRecord(connection, status, reason);
    const { host = '', port = 0 } = connection.tunnel?.target ?? {};
    const facts = { status, reason, id, host, port, method: '', path: '', rule: '' };
    socket.end(formatRawRefusal({ ...facts, mode: deps.policy().mode ?? '' }, ''));
    lingerThenClose(socket as Socket);
  }

  function blockedRecord(connection: Connection, status: number, reason: string): string {
    const { client, tunnel } = connection;
    const flow = new Flow(deps.link, {
      tunnel: tunnel?.id ?? '',
      client,
      host: tunnel?.target.host ?? '',
      port: tunnel?.target.port ?? 0,
    });
    const { version, mode } = deps.policy();
    flow.end('blocked', { status, stage: 'request', reason, policy: version, mode: mode ?? '' });
    return flow.id;
  }

  return {
    async drain(timeoutMs) {
      server.close();
      server.closeIdleConnections();
      for (const session of sessions) session.close();
      const deadline = deps.now() + timeoutMs;
      while (exchanges.running > 0 && deps.now() < deadline) await pause(20);
      // Over HTTP/2 the end of an answer is a frame of its own, behind the last byte.
      const flushed = Math.min(deadline, deps.now() + LIMITS.drainFlushMs);
      while (sessions.size > 0 && deps.now() < flushed) await pause(5);
      if (deps.live.shutDown()) await pause(LIMITS.webSocketCloseMs);
      for (const socket of sockets) socket.destroy();
      // Ends of sockets are events of the next turns; their records must be on the pipe first.
      const isOpen = () => sockets.size > 0 || deps.captures.size > 0;
      while (isOpen() && deps.now() < deadline + 1000) await pause(5);
      await pause(5);
    },
  };
}

function openConnection(client: string, local: string, tunnel: TunnelContext | null): Connection {
  return { client, tunnel, local, active: 0, latest: null };
}

/** A handshake, and the way to answer it as a request: what is behind another answer is not served. */
function upgradeStream(request: IncomingMessage, socket: Socket, head: Buffer): ClientStream {
  const response = new ServerResponse(request);
  response.assignSocket(socket);
  response.once('finish', () => {
    response.detachSocket(socket);
    socket.end();
    lingerThenClose(socket);
  });
  return new Http1Client(request, response, head);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function ignore(): void {}
