// A tunnel through the upstream proxy while it is made: byte by byte, too slowly, given up, cut off.

import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Host, parseAuthority, type Target } from '../../src/shared/host.ts';
import { LIMITS } from '../../src/shared/limits.ts';
import { tunnelThrough } from '../../src/worker/upstream/proxy-hop.ts';
import { portOf } from '../support/free-port.ts';
import { good } from '../support/good.ts';
import { readUntil } from '../support/raw.ts';

const TARGET: Target = good(parseAuthority('site.test:443', null));
let server: Server;
let gone: AbortController;

beforeEach(async () => {
  gone = new AbortController();
  server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  vi.useRealTimers();
  server.close();
});

/** A tunnel that is being made, and the proxy's side of it when it has been asked. */
async function asked(): Promise<{ tunnel: Promise<Socket>; proxySide: Socket; head: string }> {
  const accepted = once(server, 'connection');
  const hop = {
    ...{ host: '127.0.0.1' as Host, port: portOf(server.address()), isIp: true },
    ...{ authorization: null, hopToken: 'leash-x' },
  };
  const options = { halfOpen: true, abandoned: gone.signal, serverFirst: true };
  const tunnel = tunnelThrough('127.0.0.1', hop, TARGET, options);
  // Whoever waits for it comes later.
  tunnel.catch(() => {});
  const [proxySide] = (await accepted) as [Socket];
  proxySide.on('error', () => {}).on('end', () => proxySide.end());
  const head = await readUntil(proxySide, { until: (text) => text.endsWith('\r\n\r\n') });
  return { tunnel, proxySide: proxySide.resume(), head };
}

/** Also where it ends with a reset. */
function closed(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => (socket.closed ? resolve(null) : socket.once('close', resolve)));
}

it('an answer that comes byte by byte is an answer, and what follows is kept', async () => {
  const { tunnel, proxySide, head } = await asked();
  expect(head).toBe(
    'CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443\r\nVia: 1.1 leash-x\r\n\r\n',
  );
  for (const byte of 'HTTP/1.0 200 OK\r\nX: y\r\n\r\nearly') {
    await new Promise((resolve) => proxySide.write(byte, resolve));
  }
  const socket = await tunnel;
  expect(await readUntil(socket, { until: (text) => text === 'early' })).toBe('early');
  socket.destroy();
});

it.each(['', 'HTTP/1.1 200 OK\r\nX: '])(
  'a proxy that does not go on after %j is waited for as long as for a handshake',
  async (start) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const asking = asked();
    const { tunnel, proxySide } = await asking;
    proxySide.write(start);
    vi.advanceTimersByTime(LIMITS.handshakeMs);
    await expect(tunnel).rejects.toMatchObject({ status: 504, reason: 'proxy: timeout' });
    await closed(proxySide);
  },
);

it('a tunnel that nobody waits for any more is given up', async () => {
  const { tunnel, proxySide } = await asked();
  gone.abort();
  await expect(tunnel).rejects.toThrow('connect: given up');
  await closed(proxySide);
});

it.each(['end', 'destroy'] as const)(
  'a proxy that leaves in the middle (%s) is said',
  async (leave) => {
    const { tunnel, proxySide } = await asked();
    proxySide.write('HTTP/1.1 200', () => proxySide[leave]());
    await expect(tunnel).rejects.toMatchObject({
      status: 502,
      reason: 'proxy: closed before it answered',
    });
  },
);
