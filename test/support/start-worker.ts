// One worker of the built program, with this process as its primary: real frames on its pipe, a real
// CA, and a log that takes everything and keeps nothing.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { openCa } from '../../src/primary/ca/ca.ts';
import { startWorkerPort } from '../../src/primary/worker-port.ts';
import { parseConfig } from '../../src/shared/config.ts';
import { encodePolicy, encodePrimaryControl, encodeStart } from '../../src/shared/ipc.ts';
import { EMPTY_POLICY } from '../../src/shared/policy-source.ts';
import { deferred } from './deferred.ts';
import { freePorts } from './free-port.ts';
import { tempDir } from './temp-dir.ts';

const ENTRY = fileURLToPath(new URL('../../dist/worker/main.js', import.meta.url));

export type TestWorker = {
  readonly proxyPort: number;
  readonly caPem: string;
  setTicketKeys(keys: Buffer): void;
  close(): Promise<void>;
};

/** Starts it in mode audit and waits until it listens. */
export async function startWorker(ticketKeys: Buffer): Promise<TestWorker> {
  const dir = await tempDir();
  const [proxyPort = 0] = await freePorts(1);
  const env = { LEASH_BIND: '127.0.0.1', LEASH_PROXY_PORT: String(proxyPort) };
  const config = parseConfig(env, { workers: 1 });
  if ('problem' in config) throw new Error(config.problem);
  const ca = await openCa({ stateDir: dir.path, now: Date.now });
  const child = fork(ENTRY, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'] });
  const ready = deferred<void>();
  const port = startWorkerPort({
    idPrefix: '1-1-',
    pipe: child.stdio[4] as Socket,
    log: {
      append: (_event, _id, _members, onWritten) => onWritten?.(),
      countRefused() {},
      pauseFor: () => false,
      healthy: () => true,
    },
    quota: null,
    waits: true,
    policyVersion: () => 1,
    mintLeaf: (host, key) => ca.mintLeaf(host, key),
    onHello() {
      port.send(
        encodeStart({
          worker: 1,
          idPrefix: '1-1-',
          config,
          upstreamRoots: ca.certPem,
          trust: {
            cas: ca.trusted,
            bundlePem: '',
            scripts: { trust: '', doctor: '', nodeProxy: '' },
          },
          ticketKeys: ticketKeys.toString('base64'),
          hopToken: 'leash-test',
          secretsKey: '',
        }),
      );
      port.send(encodePolicy(1, JSON.stringify({ ...EMPTY_POLICY, mode: 'audit' })));
    },
    onControl: (message) => {
      if (message.type === 'ready') ready.resolve();
    },
    onBroken: (problem) => ready.reject(new Error(problem)),
  });
  await ready.promise;
  return {
    proxyPort,
    caPem: ca.certPem,
    setTicketKeys(keys) {
      port.send(encodePrimaryControl({ type: 'tickets', keys: keys.toString('base64') }));
    },
    async close() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      await dir.close();
    },
  };
}
