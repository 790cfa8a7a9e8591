// A proxy as companies have them, on 127.0.0.1: CONNECT, and plain HTTP in absolute form. Every name
// leads to the same port of 127.0.0.1. It keeps what it was sent.

import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { portOf } from './free-port.ts';

export type ProxyRequest = {
  readonly method: string;
  /** As it stood in the request line. */
  readonly target: string;
  readonly rawHeaders: readonly string[];
};

export type UpstreamProxy = {
  readonly port: number;
  readonly requests: ProxyRequest[];
  connections(): number;
  /** What a CONNECT is answered with, byte for byte, and nothing after it; null: as a proxy does. */
  answer: string | null;
  /** Value of `Proxy-Authorization` without which all is answered with 407; '' = none. */
  credential: string;
  close(): Promise<void>;
};

const NO_CREDENTIAL = 'HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="corp"\r\n\r\n';

export async function startUpstreamProxy(): Promise<UpstreamProxy> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  };
  const mayPass = ({ headers }: IncomingMessage) =>
    proxy.credential === '' || headers['proxy-authorization'] === proxy.credential;
  const remember = ({ method = '', url = '', rawHeaders }: IncomingMessage) =>
    proxy.requests.push({ method, target: url, rawHeaders });

  server.on('connection', (socket) => {
    connections += 1;
    keep(socket);
  });
  server.on('connect', (request, client: Socket, head: Buffer) => {
    remember(request);
    if (proxy.answer !== null || !mayPass(request)) {
      if (proxy.answer === null) client.end(NO_CREDENTIAL);
      else
        client
          .on('end', () => client.end())
          .resume()
          .write(proxy.answer, 'latin1');
      return;
    }
    const port = Number(request.url?.split(':').at(-1));
    const origin = connect({ host: '127.0.0.1', port, allowHalfOpen: true }, () => {
      client.write('HTTP/1.1 200 Connection established\r\nProxy-Agent: corp\r\n\r\n');
      origin.write(head);
      origin.pipe(client).pipe(origin);
    });
    keep(origin);
    origin.once('error', () => client.end('HTTP/1.1 503 Unreachable\r\n\r\n'));
    origin.once('close', () => client.end());
    client.once('close', () => origin.destroy());
  });
  server.on('request', (request, response) => {
    remember(request);
    if (!mayPass(request)) {
      response.writeHead(407, { 'proxy-authenticate': 'Basic realm="corp"' }).end('who?');
      return;
    }
    const { port, pathname, search } = new URL(request.url ?? '');
    const path = `${pathname}${search}`;
    const { 'proxy-authorization': _, ...headers } = request.headers;
    const options = { host: '127.0.0.1', port, path, method: request.method, headers };
    const forwarded = httpRequest(options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
    });
    forwarded.on('error', () => response.writeHead(503).end());
    request.pipe(forwarded);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const proxy: UpstreamProxy = {
    port: portOf(server.address()),
    requests: [],
    answer: null,
    credential: '',
    connections: () => connections,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  return proxy;
}

/** A field of a request that the proxy was sent; undefined: it was not there. */
export function fieldOf({ rawHeaders }: { rawHeaders: readonly string[] }, name: string) {
  const at = rawHeaders.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === name);
  return at < 0 ? undefined : rawHeaders[at + 1];
}
