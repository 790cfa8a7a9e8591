// A worker: gets its orders over the pipe, accepts connections, forwards. Wiring only.
// It touches no disk and never sees the CA key; SIGINT and SIGTERM are the primary's to answer.

import { generateKeyPairSync } from 'node:crypto';
import { Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import pino from 'pino';
import { fingerprintHeaders, fingerprintUrl } from '../shared/fingerprint.ts';
import { encodeHello, type PrimaryControl, type StartMessage } from '../shared/ipc.ts';
import { LIMITS } from '../shared/limits.ts';
import { Meter } from '../shared/meter.ts';
import { WORKER_METRICS } from '../shared/metric-tables.ts';
import { compilePolicy, denyAll, type Policy } from '../shared/policy.ts';
import type { TrustMaterial } from '../shared/trust/trust-files.ts';
import { Clients } from './clients.ts';
import type { WorkerDeps } from './deps.ts';
import type { Capture } from './http/capture.ts';
import { CaptureSweep } from './http/capture-sweep.ts';
import { InternalSite } from './internal-site.ts';
import { type Listener, startListener } from './listener.ts';
import { LiveFlows } from './live-flows.ts';
import { countedLink } from './metrics/counted-link.ts';
import { startReports } from './metrics/reports.ts';
import { startLink } from './primary-link.ts';
import { LeafCache } from './tls/leaf-cache.ts';
import { TlsFailures } from './tls/tls-failures.ts';
import { upstreamRoots } from './upstream/dial.ts';
import { createResolve } from './upstream/resolve.ts';
import { createUpstream } from './upstream/upstream.ts';

const PIPE_FD = 4;
const log = pino({ name: 'leash-worker' }, pino.destination(2));
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.on('uncaughtException', (error) => {
  log.fatal({ err: error }, 'Worker ends on an error nobody caught');
  process.exit(70);
});

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const captures = new Set<Pick<Capture, 'sweep'>>();
const live = new LiveFlows();
let policy: Policy = denyAll;
let draining = false;
/** From the steady clock to the time of day. */
let clockOffsetMs = performance.timeOrigin;
let listener: Listener | undefined;
let leaves: LeafCache | undefined;
let trust: TrustMaterial;
let report: (() => void) | undefined;
let ownAddresses: ReadonlySet<string> = new Set();
ownAddresses = readOwnAddresses();

const pipe = new Socket({ fd: PIPE_FD, readable: true, writable: true });
const link = startLink(pipe, {
  onFrame(frame) {
    if (frame.type === 'start') begin(frame.message);
    else if (frame.type === 'policy') {
      policy = compilePolicy(frame.version, JSON.parse(frame.source));
      live.rejudge(policy);
      // Only now: whoever waits for this worker may count on what was denied being closed.
      link.control({ type: 'policy_in_force', version: frame.version });
    } else if (frame.type === 'primaryControl') {
      obey(frame.message);
    }
  },
  onLost(cause) {
    if (draining) return;
    // Without the primary there is no record, and without a record nothing is forwarded.
    log.fatal({ cause }, 'Worker ends: the pipe to the primary is gone');
    process.exit(70);
  },
});
pipe.write(encodeHello(keys.publicKey.export({ type: 'spki', format: 'der' })));

function obey(message: PrimaryControl): void {
  switch (message.type) {
    case 'drain':
      void drain(message.timeoutMs);
      return;
    case 'tickets':
      leaves?.setTicketKeys(Buffer.from(message.keys, 'base64'));
      return;
    case 'trust':
      trust = message.trust;
      return;
    case 'cut':
      link.setCut(message.client, message.isCut);
      return;
    case 'record':
      link.setRecord(message.state);
      if (message.state === 'stuck') live.cutOff();
  }
}

function begin(start: StartMessage): void {
  const { config } = start;
  trust = start.trust;
  link.begin(start.idPrefix, config.audit !== 'relaxed');
  const meter = new Meter(WORKER_METRICS);
  leaves = new LeafCache({
    mint: (host) => link.mint(host),
    privateKeyPem: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ticketKeys: Buffer.from(start.ticketKeys, 'base64'),
    maxEntries: LIMITS.leafCacheEntries,
    now: Date.now,
  });
  const deps: WorkerDeps = {
    config,
    link: countedLink(link, meter),
    leaves,
    meter,
    upstream: createUpstream({
      resolve: createResolve(config.dnsServers, LIMITS.dnsMs),
      roots: upstreamRoots(start.upstreamRoots),
    }),
    clients: new Clients(
      {
        maxTunnels: config.maxTunnels,
        clientTunnels: config.clientTunnels,
        mintsPerSecond: config.clientMintsPerSecond,
      },
      Date.now,
    ),
    internalSite: new InternalSite(() => trust),
    tlsFailures: new TlsFailures(),
    live,
    hopToken: start.hopToken,
    forRecord: recordFilter(start.secretsKey),
    captures,
    decoderLoad: { streams: 0, waitingBytes: 0 },
    policy: () => policy,
    ownAddresses: () => ownAddresses,
    draining: () => draining,
    now: () => clockOffsetMs + performance.now(),
  };
  report = startReports(deps, () => link.waitingBytes());
  const captureSweep = new CaptureSweep(captures, deps.now);
  let sweptMs = deps.now();
  setInterval(() => {
    captureSweep.start();
    sweep(deps, sweptMs);
    sweptMs = deps.now();
    report?.();
  }, 1000).unref();
  listener = startListener(
    deps,
    () => link.control({ type: 'ready' }),
    (error) =>
      link.control({ type: 'listen_failed', code: error.code ?? '', message: error.message }),
  );
}

function recordFilter(secretsKey: string): WorkerDeps['forRecord'] {
  if (secretsKey === '') return { headers: (pairs) => pairs, url: (target) => target };
  const key = Buffer.from(secretsKey, 'base64');
  return {
    headers: (pairs) => fingerprintHeaders(pairs, key),
    url: (target) => fingerprintUrl(target, key),
  };
}

/** Once a second: what is allowed no longer ends, what changed outside is read again. */
function sweep(deps: WorkerDeps, sinceMs: number): void {
  const nowMs = deps.now();
  // What a rule allowed ends with the rule.
  if (policy.expiriesMs.some((endMs) => endMs > sinceMs && endMs <= nowMs)) live.rejudge(policy);
  // The machine slept, or its clock was set: rules end by the time of day.
  const driftMs = Date.now() - nowMs;
  if (Math.abs(driftMs) > 1000) clockOffsetMs += driftMs;
  deps.clients.sweep();
  ownAddresses = readOwnAddresses();
}

async function drain(timeoutMs: number): Promise<void> {
  if (draining) return;
  draining = true;
  await listener?.drain(timeoutMs);
  report?.();
  link.control({ type: 'drained' });
  await link.end();
  process.exit(0);
}

function readOwnAddresses(): ReadonlySet<string> {
  try {
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    return new Set(addresses.map((entry) => entry.address));
  } catch {
    // No descriptor is free: interfaces are what they were a second ago.
    return ownAddresses;
  }
}
