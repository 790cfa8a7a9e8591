// The oracle of the tests that try to get past leash: an origin over bare TCP, or TLS above it, with
// an HTTP/1 parser of its own. It keeps every byte that came over the wire, so that "nothing reached
// it" means nothing, and it shares no parser with the proxy.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
import { portOf } from './free-port.ts';

export type RawOriginOptions = {
  /** Default: 127.0.0.1. */
  readonly address?: string;
  /** Default: a free one. */
  readonly port?: number;
  readonly tls?: { readonly key: string; readonly cert: string };
  /** The whole response to a request, head included (latin1). Default: 200 and "ok". */
  readonly answer?: (request: OracleRequest) => string;
};

export type OracleRequest = {
  readonly method: string;
  readonly target: string;
  /** Value of Host; several are joined by " + ", none is ''. */
  readonly host: string;
  /** Names as received, values without the blanks around them. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** SHA-256 of the body in hex. */
  readonly sha256: string;
};

export type RawOrigin = {
  readonly address: string;
  readonly port: number;
  readonly requests: OracleRequest[];
  /** Names that TLS clients asked for, in order; '' where one named none. */
  readonly serverNames: string[];
  /** Bytes that were no HTTP/1. */
  readonly problems: string[];
  connections(): number;
  /** Bytes that came over the wire, those of TLS included. */
  wireBytes(): number;
  /** All bytes that came, as latin1: of TLS connections what was inside. */
  received(): string;
  forget(): void;
  close(): Promise<void>;
};

const OK = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n';

export async function startRawOrigin(options: RawOriginOptions = {}): Promise<RawOrigin> {
  const { address = '127.0.0.1', tls, answer = () => OK } = options;
  const requests: OracleRequest[] = [];
  const serverNames: string[] = [];
  const problems: string[] = [];
  const sockets = new Set<Socket>();
  let received = '';
  let wireBytes = 0;
  let connections = 0;
  const context = tls === undefined ? null : createSecureContext(tls);

  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      wireBytes += chunk.length;
    });
    serve(context === null ? socket : opened(socket));
  });

  /** What is inside the TLS of a connection; its bytes pass by the listener that counts them. */
  function opened(socket: Socket): Duplex {
    const [near, far] = duplexPair();
    socket.pipe(near).pipe(socket);
    const inner = new TLSSocket(far, {
      isServer: true,
      secureContext: context ?? createSecureContext(),
      ALPNProtocols: ['http/1.1'],
      SNICallback(name, done) {
        serverNames.push(name);
        done(null, context ?? undefined);
      },
    });
    socket.on('close', () => inner.destroy());
    return inner;
  }

  function serve(stream: Duplex): void {
    let bytes: Buffer = Buffer.alloc(0);
    let speaksHttp = true;
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      if (!speaksHttp) return;
      bytes = Buffer.concat([bytes, chunk]);
      for (let next = readRequest(bytes); next !== null; next = readRequest(bytes)) {
        if (typeof next === 'string') {
          problems.push(next);
          stream.destroy();
          return;
        }
        bytes = bytes.subarray(next.end);
        requests.push(next.request);
        const response = answer(next.request);
        stream.write(Buffer.from(response, 'latin1'));
        // Behind a 101 comes another protocol; its bytes are kept and not read.
        speaksHttp = !response.startsWith('HTTP/1.1 101');
        if (!speaksHttp) return;
      }
    });
    stream.on('end', () => stream.end());
  }

  server.listen(options.port ?? 0, address);
  await once(server, 'listening');
  return {
    address,
    port: portOf(server.address()),
    requests,
    serverNames,
    problems,
    connections: () => connections,
    wireBytes: () => wireBytes,
    received: () => received,
    forget() {
      for (const list of [requests, serverNames, problems]) list.length = 0;
      received = '';
      wireBytes = 0;
      connections = 0;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

type Read = { readonly request: OracleRequest; readonly end: number };

/** The first request of `bytes`; null while it is not whole; a text where it is no HTTP/1. */
function readRequest(bytes: Buffer): Read | string | null {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return bytes.length > 65_536 ? 'a head without end' : null;
  const [line = '', ...fields] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const [, method = '', target = ''] = /^([A-Z-]+) ([\x21-\x7e]+) HTTP\/1\.[01]$/.exec(line) ?? [];
  if (method === '') return `no request line: ${JSON.stringify(line)}`;
  const headers: [string, string][] = [];
  for (const field of fields) {
    const [, name, value = ''] = /^([!#-'*+\-.^-`|~\w]+):[ \t]*(.*?)[ \t]*$/.exec(field) ?? [];
    if (name === undefined) return `no header field: ${JSON.stringify(field)}`;
    headers.push([name, value]);
  }
  const valuesOf = (wanted: string) =>
    headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
  const body = readBody(bytes, headEnd + 4, {
    lengths: valuesOf('content-length'),
    codings: valuesOf('transfer-encoding'),
  });
  if (body === null || typeof body === 'string') return body;
  const sha256 = createHash('sha256').update(body.content).digest('hex');
  const host = valuesOf('host').join(' + ');
  return { request: { method, target, host, headers, sha256 }, end: body.end };
}

type Framing = { readonly lengths: readonly string[]; readonly codings: readonly string[] };
type Body = { readonly content: Buffer; readonly end: number };

function readBody(bytes: Buffer, from: number, framing: Framing): Body | string | null {
  const { lengths, codings } = framing;
  if (lengths.length + codings.length > 1) return 'two framings';
  if (codings.length === 1) {
    return codings[0] === 'chunked' ? readChunks(bytes, from) : 'an unknown coding';
  }
  const length = lengths[0] ?? '0';
  if (!/^[0-9]{1,9}$/.test(length)) return `a length of ${JSON.stringify(length)}`;
  const end = from + Number(length);
  return bytes.length < end ? null : { content: bytes.subarray(from, end), end };
}

/** Chunks without extensions and trailers: leash sends none. */
function readChunks(bytes: Buffer, from: number): Body | string | null {
  const parts: Buffer[] = [];
  for (let at = from; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return null;
    const size = bytes.toString('latin1', at, lineEnd);
    if (!/^[0-9a-fA-F]{1,7}$/.test(size)) return `a chunk of ${JSON.stringify(size)}`;
    const end = lineEnd + 2 + Number.parseInt(size, 16);
    if (bytes.length < end + 2) return null;
    if (bytes.toString('latin1', end, end + 2) !== '\r\n') return 'a chunk without its end';
    if (end === lineEnd + 2) return { content: Buffer.concat(parts), end: end + 2 };
    parts.push(bytes.subarray(lineEnd + 2, end));
    at = end + 2;
  }
}
