// The worker's listener in this process: real sockets, real TLS, a real CA, and a link that remembers
// instead of a primary.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { openCa } from '../../src/primary/ca/ca.ts';
import { publishTrust } from '../../src/primary/ca/trust-material.ts';
import { TERMINAL_EVENTS } from '../../src/shared/audit-event.ts';
import { type Config, parseConfig } from '../../src/shared/config.ts';
import { Meter } from '../../src/shared/meter.ts';
import { WORKER_METRICS } from '../../src/shared/metric-tables.ts';
import { compilePolicy, type Policy } from '../../src/shared/policy.ts';
import { EMPTY_POLICY, type PolicySource } from '../../src/shared/policy-source.ts';
import { Clients } from '../../src/worker/clients.ts';
import type { WorkerDeps } from '../../src/worker/deps.ts';
import { InternalSite } from '../../src/worker/internal-site.ts';
import { startListener } from '../../src/worker/listener.ts';
import { LiveFlows } from '../../src/worker/live-flows.ts';
import { LeafCache } from '../../src/worker/tls/leaf-cache.ts';
import { TlsFailures } from '../../src/worker/tls/tls-failures.ts';
import { upstreamRoots } from '../../src/worker/upstream/dial.ts';
import { createResolve } from '../../src/worker/upstream/resolve.ts';
import { createUpstream } from '../../src/worker/upstream/upstream.ts';
import { type FakeLink, fakeLink } from './fake-link.ts';
import { freePorts } from './free-port.ts';
import { type RunResult, run } from './run-client.ts';
import { tempDir } from './temp-dir.ts';
import { waitFor } from './wait-for.ts';

export type TestProxy = {
  readonly port: number;
  readonly link: FakeLink;
  readonly caFile: string;
  readonly caPem: string;
  readonly deps: WorkerDeps;
  setPolicy(source: Partial<PolicySource>): void;
  /** curl by way of this proxy, trusting its CA; over HTTP/1 where the arguments name no version. */
  curl(...args: readonly string[]): Promise<RunResult>;
  /** Waits until this many flows have ended, and gives their terminal records in order. */
  ended(count: number, timeoutMs?: number): Promise<FakeLink['records']>;
  /** Waits until every flow that was opened has ended, and forgets all records. */
  forget(): Promise<void>;
  drain(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
};

export type ProxyOptions = {
  readonly env?: Readonly<Record<string, string>>;
  /** PEM file of the roots that upstreams are verified against. */
  readonly rootsFile?: string;
  readonly policy?: Partial<PolicySource>;
};

export const HOP_TOKEN = `leash-${'5'.repeat(32)}`;

const OPEN: PolicySource = {
  ...EMPTY_POLICY,
  mode: 'audit',
  network: { ...EMPTY_POLICY.network, allowPrivate: ['127.0.0.0/8', '::1/128'] },
};

export async function startProxy(options: ProxyOptions = {}): Promise<TestProxy> {
  const dir = await tempDir();
  const [port = 0] = await freePorts(1);
  const env = { LEASH_BIND: '127.0.0.1', LEASH_PROXY_PORT: String(port), ...options.env };
  const config = parseConfig(env, { workers: 1 });
  if ('problem' in config) throw new Error(config.problem);
  const ca = await openCa({ stateDir: dir.path, now: Date.now });
  const trust = await publishTrust(dir.path, ca);
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' });
  const link = fakeLink();
  let version = 1;
  let policy: Policy = compilePolicy(version, { ...OPEN, ...options.policy });
  let draining = false;
  const roots = options.rootsFile === undefined ? '' : await readFile(options.rootsFile, 'utf8');
  const deps: WorkerDeps = {
    config: config as Config,
    link,
    leaves: new LeafCache({
      mint: async (host) => ca.mintLeaf(host, publicKey),
      privateKeyPem: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      ticketKeys: randomBytes(48),
      maxEntries: 100,
      now: Date.now,
    }),
    upstream: createUpstream({
      resolve: createResolve(config.dnsServers, 5000),
      roots: upstreamRoots(roots === '' ? undefined : roots),
    }),
    clients: new Clients(
      {
        maxTunnels: config.maxTunnels,
        clientTunnels: config.clientTunnels,
        mintsPerSecond: config.clientMintsPerSecond,
      },
      Date.now,
    ),
    captures: new Set(),
    decoderLoad: { streams: 0, waitingBytes: 0 },
    internalSite: new InternalSite(() => trust),
    tlsFailures: new TlsFailures(),
    meter: new Meter(WORKER_METRICS),
    live: new LiveFlows(),
    hopToken: HOP_TOKEN,
    forRecord: { headers: (pairs) => pairs, url: (target) => target },
    policy: () => policy,
    ownAddresses: () => new Set(['127.0.0.1', '::1']),
    draining: () => draining,
    now: () => performance.timeOrigin + performance.now(),
  };
  const listener = await new Promise<ReturnType<typeof startListener>>((resolve, reject) => {
    const started = startListener(deps, () => resolve(started), reject);
  });
  const terminal = () => link.records.filter(({ event }) => TERMINAL_EVENTS.has(event));
  return {
    port,
    link,
    caFile: ca.certPath,
    caPem: ca.certPem,
    deps,
    setPolicy(source) {
      version += 1;
      policy = compilePolicy(version, { ...OPEN, ...options.policy, ...source });
      deps.live.rejudge(policy);
    },
    curl(...args) {
      const via = ['--proxy', `http://127.0.0.1:${port}`, '--cacert', ca.certPath];
      const version = args.some((arg) => arg.startsWith('--http')) ? [] : ['--http1.1'];
      return run('curl', ['-sS', ...via, ...version, ...args]);
    },
    async ended(count, timeoutMs = 5_000) {
      const wanted = { what: `${count} flows to end`, timeoutMs, everyMs: 5 };
      return await waitFor(() => terminal().length >= count && terminal(), wanted);
    },
    async forget() {
      const ended = (flow: number) => terminal().some((record) => record.flow === flow);
      const settled = () => link.opened.every(({ flow }) => ended(flow));
      await waitFor(settled, { what: 'the flows of the test before to end', everyMs: 5 });
      link.records.length = 0;
      link.opened.length = 0;
    },
    drain(timeoutMs) {
      draining = true;
      return listener.drain(timeoutMs);
    },
    async close() {
      await listener.drain(0);
      deps.upstream.close();
      await dir.close();
    },
  };
}
