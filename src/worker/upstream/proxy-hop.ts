// The upstream proxy (LEASH_UPSTREAM_PROXY): a tunnel through it by CONNECT, and requests in plain HTTP
// to it in absolute form. What it asks for as a credential is said to it alone, and what it says of
// itself goes no further than a status. Knows no policy and no pool.

import type { Socket } from 'node:net';
import type { Target } from '../../shared/host.ts';
import { LIMITS } from '../../shared/limits.ts';
import type { ProxyAddress } from '../../shared/setting.ts';
import { type ConnectOptions, connect } from './dial.ts';
import { type Resolve, resolveInTime } from './resolve.ts';
import { UpstreamError } from './upstream-error.ts';
import type { Connection, UpstreamRequest } from './upstream-stream.ts';

export type ProxyHop = ProxyAddress & {
  /** Stands in `Via`: where the proxy leads back to leash, the first turn is refused. */
  readonly hopToken: string;
};

export type TunnelOptions = ConnectOptions & {
  /** The server may speak first, so bytes behind the proxy's answer are its own. */
  readonly serverFirst: boolean;
};

/** The operator named the proxy, so none of its addresses is judged. Rejects with `UpstreamError`. */
export async function addressesOf(hop: ProxyHop, resolve: Resolve): Promise<readonly string[]> {
  return hop.isIp ? [hop.host] : await ofProxy(resolveInTime(resolve, hop.host));
}

/** TCP to one address of the proxy. Rejects with `UpstreamError`. */
export function connectToProxy(
  address: string,
  hop: ProxyHop,
  options: ConnectOptions,
): Promise<Socket> {
  return ofProxy(connect(address, hop.port, options));
}

/** A tunnel to the target, nothing spoken in it yet. Rejects with `UpstreamError`. */
export async function tunnelThrough(
  address: string,
  hop: ProxyHop,
  target: Target,
  options: TunnelOptions,
): Promise<Socket> {
  const socket = await connectToProxy(address, hop, options);
  socket.write(formatConnect(hop, target), 'latin1');
  const rest = await readAnswer(socket, options);
  if (rest.length > 0) socket.unshift(rest);
  return socket;
}

/** A connection to the proxy itself, for requests in plain HTTP. */
export function asksProxy(connection: Connection, hop: ProxyHop): Connection {
  return {
    ...connection,
    viaProxy: true,
    send: (request, events) =>
      connection.send(forProxy(request, hop), {
        ...events,
        onAnswer(answer) {
          if (answer.head.status !== 407) return events.onAnswer(answer);
          // To the client it would mean that leash asks for a credential, and it would send its own.
          answer.body.destroy();
          events.onFailed(new UpstreamError(502, 'proxy: 407'));
        },
      }),
  };
}

/** RFC 9112 3.2.2; `*` of OPTIONS is no path at all there (3.2.4). */
function forProxy(request: UpstreamRequest, { authorization }: ProxyHop): UpstreamRequest {
  const { authority, headers, path } = request;
  return {
    ...request,
    path: `http://${authority}${path === '*' ? '' : path}`,
    headers: authorization === null ? headers : [...headers, 'Proxy-Authorization', authorization],
  };
}

function formatConnect({ authorization, hopToken }: ProxyHop, { authority }: Target): string {
  const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`, `Via: 1.1 ${hopToken}`];
  if (authorization !== null) lines.push(`Proxy-Authorization: ${authorization}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Reads the head of the proxy's answer, and gives what has come behind it. */
function readAnswer(socket: Socket, { abandoned, serverFirst }: TunnelOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0);
    const timer = setTimeout(
      () => settle(new UpstreamError(504, 'proxy: timeout')),
      LIMITS.handshakeMs,
    );
    const giveUp = () => settle(new UpstreamError(502, 'connect: given up'));
    const onClose = () => settle(new UpstreamError(502, 'proxy: closed before it answered'));
    const onData = (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const answer = parseConnectAnswer(received);
      if (answer === null) return;
      if ('problem' in answer) settle(new UpstreamError(502, `proxy: ${answer.problem}`));
      else if (answer.status < 200 || answer.status > 299) {
        settle(new UpstreamError(502, `proxy: ${answer.status}`));
      } else {
        const rest = received.subarray(answer.length);
        const isEarly = rest.length > 0 && !serverFirst;
        settle(isEarly ? new UpstreamError(502, 'proxy: bytes before the tunnel') : rest);
      }
    };
    function settle(result: Buffer | UpstreamError): void {
      clearTimeout(timer);
      abandoned?.removeEventListener('abort', giveUp);
      socket.off('data', onData).off('end', onClose).off('close', onClose).pause();
      if (result instanceof UpstreamError) {
        socket.destroy();
        reject(result);
      } else {
        resolve(result);
      }
    }
    abandoned?.addEventListener('abort', giveUp, { once: true });
    socket.on('data', onData).once('end', onClose).once('close', onClose);
    if (abandoned?.aborted) giveUp();
  });
}

export type ConnectAnswer = { readonly status: number; readonly length: number };

const STATUS_LINE = /^HTTP\/1\.[01] ([1-9][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const FIELD_LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*$/;

/**
 * The answer to a CONNECT: its status and where its head ends; null: more is needed. Fields of a 2xx
 * say nothing, lengths least of all (RFC 9110 9.3.6).
 */
export function parseConnectAnswer(bytes: Buffer): ConnectAnswer | { problem: string } | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end > LIMITS.headBytes - 4 || (end < 0 && bytes.length >= LIMITS.headBytes)) {
    return { problem: 'head too large' };
  }
  // What cannot become a status line is not waited for.
  if (!'HTTP/1.'.startsWith(bytes.toString('latin1', 0, 7))) return { problem: 'no HTTP' };
  if (end < 0) return null;
  const [statusLine = '', ...fields] = bytes.toString('latin1', 0, end).split('\r\n');
  const status = Number(STATUS_LINE.exec(statusLine)?.[1] ?? 0);
  if (status === 0 || !fields.every((line) => FIELD_LINE.test(line))) return { problem: 'no HTTP' };
  return { status, length: end + 4 };
}

/** Says of a failure that it was the proxy's, not the target's. */
async function ofProxy<T>(step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    throw new UpstreamError(error.status, `proxy: ${error.reason}`, error.facts);
  }
}
