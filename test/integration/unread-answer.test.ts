// A client of HTTP/1 that leaves while the last bytes of its answer wait in leash, which are fewer than
// would hold the upstream back: the answer was not delivered, though leash has all of it.

import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { handleExchange } from '../../src/worker/exchange.ts';
import { Http1Client } from '../../src/worker/http/http1-client.ts';
import { portOf } from '../support/free-port.ts';
import { openSocket } from '../support/raw.ts';
import { startOrigin } from '../support/start-origin.ts';
import { startProxy } from '../support/start-proxy.ts';
import { waitFor } from '../support/wait-for.ts';

it('an answer whose end the client has not taken is an error, also where the upstream has ended', async () => {
  let answering: ServerResponse | null = null;
  const origin = await startOrigin({
    handler: (_request, response) => {
      response.flushHeaders();
      answering = response;
    },
  });
  const proxy = await startProxy();
  /** The answer on its way from leash to the client. */
  let relayed: ServerResponse | null = null;
  const server = createServer((request, response) => {
    relayed = response;
    const stream = new Http1Client(request, response);
    void handleExchange({
      deps: proxy.deps,
      stream,
      client: '127.0.0.9',
      tunnel: null,
      local: '127.0.0.1:8080',
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = await openSocket(portOf(server.address()));
  client.pause();
  const host = `127.0.0.1:${origin.port}`;
  client.write(`GET http://${host}/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const from = await waitFor(() => answering, { what: 'the request' });
  const to = await waitFor(() => relayed, { what: 'the request' });
  const isFull = () => {
    if (to.writableLength > 0) return true;
    from.write(Buffer.alloc(4_000, 'x'));
    return false;
  };
  const full = { what: 'the kernel to take no more', everyMs: 1, timeoutMs: 15_000 };
  await waitFor(isFull, full);
  from.end();
  await waitFor(() => to.writableEnded, { what: 'the end of the answer' });
  expect(to.writableLength).toBeGreaterThan(0);
  client.destroy();
  expect(await proxy.ended(1)).toMatchObject([
    { event: 'error', fields: { reason: 'client: closed before the response ended' } },
  ]);
  server.close();
  await proxy.close();
  await origin.close();
});
