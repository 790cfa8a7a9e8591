// Ports that nobody listens on. Another program could take one before it is used; on loopback,
// within a test run, that has to be a very unlucky one: the kernel hands them out in turn.

import { once } from 'node:events';
import { createServer } from 'node:net';

/** As many different free ports of 127.0.0.1 as asked for. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => portOf(server.address()));
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** What `server.address()` gives → the port; throws where the server does not listen on one. */
export function portOf(address: unknown): number {
  const port = (address as { port?: unknown } | null)?.port;
  if (typeof port !== 'number') throw new Error('Cannot read port: the server does not listen');
  return port;
}
