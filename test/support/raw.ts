// Bytes on a TCP connection as a test wrote them: for what no HTTP client would send.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export type RawOptions = {
  /** Asked after each chunk with all bytes so far (latin1); true ends the wait. Absent: until close. */
  readonly until?: (received: string) => boolean;
  readonly timeoutMs?: number;
};

/** Sends `bytes` to a port of 127.0.0.1 and gives what came back (latin1, so bytes map to characters). */
export async function rawRequest(
  port: number,
  bytes: string | Buffer,
  options: RawOptions = {},
): Promise<string> {
  const socket = await openSocket(port);
  try {
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    return await readUntil(socket, options);
  } finally {
    socket.destroy();
  }
}

/** Opens a CONNECT tunnel; gives the socket and the head of the answer. The caller destroys the socket. */
export async function connectThrough(
  proxyPort: number,
  authority: string,
  headers: readonly string[] = [],
): Promise<{ socket: Socket; head: string; status: number }> {
  const socket = await openSocket(proxyPort);
  const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`, ...headers, '', ''];
  socket.write(lines.join('\r\n'));
  const received = await readUntil(socket, { until: (text) => text.includes('\r\n\r\n') });
  const end = received.indexOf('\r\n\r\n') + 4;
  const rest = received.slice(end);
  if (rest !== '') socket.unshift(Buffer.from(rest, 'latin1'));
  const head = received.slice(0, end);
  return { socket, head, status: Number(head.split(' ')[1]) };
}

/** A connected socket that has an error listener: a reset is an end, not a crash of the test. */
export async function openSocket(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  socket.on('error', () => {});
  return socket;
}

/** Reads until the matcher says so or the other side ends. A timeout is an error that shows the bytes. */
export function readUntil(socket: Socket, options: RawOptions = {}): Promise<string> {
  const { until = () => false, timeoutMs = 5_000 } = options;
  // It may have come to its end while nobody listened.
  if (socket.closed || socket.readableEnded) return Promise.resolve('');
  return new Promise((resolve, reject) => {
    let received = '';
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`No end after ${timeoutMs} ms; received ${JSON.stringify(received)}`));
    }, timeoutMs);
    const onData = (chunk: Buffer) => {
      received += chunk.toString('latin1');
      if (until(received)) finish();
    };
    const finish = () => {
      stop();
      resolve(received);
    };
    const stop = () => {
      clearTimeout(timer);
      socket.pause();
      socket.off('data', onData);
      socket.off('end', finish);
      socket.off('close', finish);
    };
    socket.on('data', onData);
    socket.once('end', finish);
    socket.once('close', finish);
    socket.resume();
  });
}
