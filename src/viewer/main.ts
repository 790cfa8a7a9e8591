#!/usr/bin/env node
// Entry of the viewer process: settings in, listener out. Started by the primary with an IPC channel,
// and ends with it; also runs alone. Decodes hostile bytes, so it has no key and no way to write.

import { constants, hostname, networkInterfaces, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { createAdaptorServer } from '@hono/node-server';
import { pino } from 'pino';
import { canonicalIp } from '../shared/address.ts';
import { parseConfig } from '../shared/config.ts';
import { readToken } from './access/token.ts';
import { createApp } from './app.ts';
import { openDecoder } from './decode/decoder.ts';
import { startIndexPool } from './index/index-pool.ts';
import { programVersion } from './version.ts';

const log = pino({ name: 'leash-viewer' }, pino.destination(2));

// The primary ends this process; a terminal's Ctrl-C reaches both.
if (process.send) {
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  process.once('disconnect', () => process.exit(0));
  // It may have ended while the modules above were loaded, and that event has no second time.
  if (!process.connected) process.exit(0);
}
// A search may take all it can get of a core, but not from those who wait for the proxy.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
process.on('uncaughtException', (error) => {
  log.fatal({ err: error }, 'Viewer ends: an error was not caught');
  process.exit(1);
});
await main();

async function main(): Promise<void> {
  const config = parseConfig(process.env, { workers: 1 });
  if ('problem' in config) {
    process.stderr.write(`${config.problem}\n`);
    process.exit(2);
  }
  await readToken(config).catch((error: Error) => {
    log.error(
      `Cannot read the viewer's token: ${error.message}: nobody can log in until it is there`,
    );
  });
  const app = await createApp({
    config,
    version: programVersion(),
    hostname: hostname(),
    uiDir: fileURLToPath(new URL('../ui/', import.meta.url)),
    ownAddresses,
    now: Date.now,
    monotonicNow: () => performance.now(),
    decode: openDecoder().decode,
    buildIndex: startIndexPool().build,
    onError: (error, path) => log.error({ err: error, path }, 'Request failed'),
  });
  const server = createAdaptorServer({ fetch: app.fetch });
  server.once('error', (error: NodeJS.ErrnoException) => {
    const { code = '', message } = error;
    if (process.send) {
      process.send({ type: 'listen_failed', code, message }, () => process.exit(1));
    } else {
      log.fatal(`Cannot listen on ${config.viewerBind || '*'}:${config.viewerPort}: ${message}`);
      process.exit(1);
    }
  });
  // An empty host is every address, IPv6 included.
  server.listen(
    { port: config.viewerPort, ...(config.viewerBind && { host: config.viewerBind }) },
    () => {
      // The primary tells the operator where its viewer is; a viewer on its own tells it itself.
      // (The callback takes the error of a primary that has ended; 'disconnect' ends this process.)
      if (process.send) process.send({ type: 'listening' }, () => {});
      else log.info(`Viewer listens on ${config.viewerBind || '*'}:${config.viewerPort}`);
    },
  );
}

function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.flatMap(({ address }) => canonicalIp(address) ?? []);
}
