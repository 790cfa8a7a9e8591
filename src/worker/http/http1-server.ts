// The server for HTTP/1: its limits in size and time, in one place. It is fed connections by hand, too.

import { createServer, type Server } from 'node:http';
import type { Config } from '../../shared/config.ts';
import { LIMITS } from '../../shared/limits.ts';
import { UpgradeRequest } from '../websocket/upgrade-request.ts';

/** The upstream's own silence is noticed first, and gets its own answer. */
export const CLIENT_GRACE_MS = 5_000;

export function createHttp1Server({
  idleMs,
  exchangeIdleMs,
}: Pick<Config, 'idleMs' | 'exchangeIdleMs'>): Server {
  const server = createServer({
    IncomingMessage: UpgradeRequest,
    insecureHTTPParser: false,
    requireHostHeader: false,
    maxHeaderSize: LIMITS.headBytes,
    headersTimeout: LIMITS.headMs,
    // A body may take as long as it needs; silence is bounded by the exchange's own timer.
    requestTimeout: 0,
    connectionsCheckingInterval: 1000,
    keepAliveTimeout: idleMs,
    noDelay: true,
  });
  // A client that does not read, or a request that stops in the middle. The socket is destroyed.
  server.timeout = exchangeIdleMs + CLIENT_GRACE_MS;
  // Lowering this truncates instead of refusing (CVE-2026-58044): all are seen, and counted by us.
  server.maxHeadersCount = 0;
  return server;
}
