// TLS to a destination of the matrix, by way of a CONNECT tunnel or straight to its port, with the
// protocol inside agreed on.

import { connect, type TLSSocket } from 'node:tls';
import { connectThrough, openSocket } from '../raw.ts';
import type { Destination } from './client.ts';

/** Throws where the other side does not speak `alpn`. */
export async function openTls(to: Destination, alpn: 'http/1.1' | 'h2'): Promise<TLSSocket> {
  const raw = to.proxyPort === null ? await openSocket(to.port) : await tunnelTo(to, to.proxyPort);
  const { name: servername, ca } = to;
  const socket = connect({ socket: raw, servername, ca, ALPNProtocols: [alpn] });
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`Cannot open TLS to ${servername}: it closed`)));
  });
  socket.on('error', () => {});
  if (socket.alpnProtocol !== alpn) {
    socket.destroy();
    throw new Error(`${servername} agreed on ${socket.alpnProtocol || 'nothing'}, not on ${alpn}`);
  }
  return socket;
}

async function tunnelTo({ name, port }: Destination, proxyPort: number) {
  const { socket, head, status } = await connectThrough(proxyPort, `${name}:${port}`);
  if (status !== 200) throw new Error(`No tunnel to ${name}:${port}: ${head}`);
  return socket;
}
