// The fleet: forks workers, gives each its orders, replaces those that die. The only home of
// node:cluster. SCHED_NONE: workers accept on a shared socket and the primary touches no connection.

import cluster, { type Worker } from 'node:cluster';
import type { Socket } from 'node:net';
import {
  encodePolicy,
  encodePrimaryControl,
  encodeStart,
  type PrimaryControl,
  type StartMessage,
} from '../shared/ipc.ts';
import { LIMITS } from '../shared/limits.ts';
import type { WorkerStatus } from '../shared/status.ts';
import type { TrustMaterial } from '../shared/trust/trust-files.ts';
import type { WorkerControl } from '../shared/worker-control.ts';
import { Backoff } from './backoff.ts';
import type { Ca } from './ca/ca.ts';
import { ClientQuota } from './client-quota.ts';
import type { Diagnostics } from './diagnostics.ts';
import { FleetMeter } from './fleet-meter.ts';
import type { AuditLog } from './log/audit-log.ts';
import type { UserIds } from './users.ts';
import { startWorkerPort, type WorkerPort } from './worker-port.ts';

export type FleetDeps = {
  readonly exec: string;
  /** Whom workers run as; null: as the primary does. */
  readonly user: UserIds | null;
  readonly size: number;
  readonly epoch: number;
  readonly start: Omit<StartMessage, 'worker' | 'idPrefix' | 'ticketKeys'>;
  readonly log: AuditLog;
  readonly ca: Ca;
  readonly diagnostics: Diagnostics;
  now(): number;
  onChange(): void;
  onListenFailed(code: string, message: string): void;
};

export type Fleet = {
  /** Resolves when every worker listens for the first time. */
  readonly listening: Promise<void>;
  setPolicy(version: number, source: string): void;
  setTicketKeys(keys: Buffer): void;
  /** What leash.internal hands out. */
  setTrust(trust: TrustMaterial): void;
  status(): WorkerStatus[];
  /** What all workers have counted, in the order of `WORKER_METRICS`. */
  counts(): number[];
  /** Workers that took the place of one that ended. */
  restarts(): number;
  openFlows(): Iterable<string>;
  /** Whether the record takes new exchanges; where not, workers refuse them by themselves. */
  setWritable(isWritable: boolean): void;
  /** Not even last records can be written: what runs ends. */
  endRunning(): void;
  /** Ends all workers at once: for a start that failed. */
  kill(): void;
  /** Lets exchanges end for `timeoutMs`, then closes them with records; resolves when all are gone. */
  drain(timeoutMs: number): Promise<void>;
};

type Slot = {
  number: number;
  worker: Worker;
  port: WorkerPort;
  listening: boolean;
  policy: number;
  startedMs: number;
  /** About refusals, lately. */
  reports: number;
};

export function startFleet(deps: FleetDeps, firstTicketKeys: Buffer): Fleet {
  const { log, diagnostics } = deps;
  const slots = new Set<Slot>();
  let forks = 0;
  const backoff = new Backoff();
  const meter = new FleetMeter();
  let ticketKeys = firstTicketKeys;
  let { trust } = deps.start;
  let policy: { version: number; frame: Buffer } | null = null;
  const { clientLogBytesPerMinute } = deps.start.config;
  const quota =
    clientLogBytesPerMinute === 0
      ? null
      : new ClientQuota({
          bytesPerMinute: clientLogBytesPerMinute,
          now: deps.now,
          onCut: (client, isCut) => sendAll({ type: 'cut', client, isCut }),
        });
  const sweep = setInterval(() => {
    for (const slot of slots) slot.reports = Math.max(0, slot.reports - 5);
    if (quota !== null) reportQuota(quota);
  }, 1000);
  /** Of workers that are gone: their flows are being ended on the log. */
  const ending = new Set<WorkerPort>();
  let draining: (() => void) | null = null;
  let settleListening: () => void = () => {};
  const listening = new Promise<void>((resolve) => {
    settleListening = resolve;
  });

  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({
    exec: deps.exec,
    args: [],
    // A folder of root's may be closed to another user.
    ...(deps.user !== null && { ...deps.user, cwd: '/' }),
    // The index of 'pipe' is the descriptor that a worker reads its orders from.
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'],
  });
  for (let count = 0; count < deps.size; count += 1) spawn();

  function spawn(): void {
    forks += 1;
    const number = forks;
    const idPrefix = `${deps.epoch}-${number}-`;
    const worker = cluster.fork({
      // A worker has no business with the viewer's token.
      LEASH_VIEWER_TOKEN: '',
      UV_THREADPOOL_SIZE: String(LIMITS.workerThreads),
    });
    const pipe = worker.process.stdio[4] as Socket;
    const port = startWorkerPort({
      idPrefix,
      pipe,
      log,
      quota,
      waits: deps.start.config.audit !== 'relaxed',
      policyVersion: () => policy?.version ?? 0,
      mintLeaf: (host, key) => deps.ca.mintLeaf(host, key),
      onHello: () => {
        const keys = ticketKeys.toString('base64');
        port.send(
          encodeStart({ ...deps.start, trust, worker: number, idPrefix, ticketKeys: keys }),
        );
        if (policy !== null) port.send(policy.frame);
        if (!log.healthy()) port.send(encodePrimaryControl({ type: 'record', state: 'full' }));
        for (const client of quota?.cut() ?? []) {
          port.send(encodePrimaryControl({ type: 'cut', client, isCut: true }));
        }
      },
      onControl: (message) => onControl(slot, message),
      onBroken: (problem) => {
        diagnostics.error({ worker: number, problem }, 'Worker loses its pipe');
        worker.process.kill('SIGKILL');
      },
    });
    const slot: Slot = {
      number,
      worker,
      port,
      listening: false,
      policy: 0,
      startedMs: deps.now(),
      reports: 0,
    };
    slots.add(slot);
    // 'exit' may come while records are still in the pipe: both must have ended.
    let exited = false;
    let closed = false;
    const settle = () => {
      if (exited && closed) onGone(slot);
    };
    worker.once('exit', (code, signal) => {
      exited = true;
      slot.listening = false;
      if (draining === null) {
        diagnostics.error({ worker: number, code, signal }, 'Worker ended');
        replace(slot);
      }
      settle();
    });
    pipe.once('close', () => {
      closed = true;
      settle();
    });
    worker.once('error', (error) => diagnostics.error({ worker: number, err: error }, 'Worker'));
  }

  function onControl(slot: Slot, message: WorkerControl): void {
    if (message.type === 'counts') {
      meter.report(slot.number, message.values);
      return;
    }
    if (message.type === 'ready') slot.listening = true;
    else if (message.type === 'policy_in_force') slot.policy = message.version;
    else if (message.type === 'listen_failed' && !slot.listening) {
      deps.onListenFailed(message.code, message.message);
    } else if (message.type === 'unrecorded') {
      const { from, to, refused } = message;
      slot.reports += 1;
      if (slot.reports > LIMITS.workerReports) {
        diagnostics.error({ worker: slot.number }, 'Worker reports too often: it is ended');
        slot.worker.process.kill('SIGKILL');
        return;
      }
      log.note('audit_suspended', { from, to, refused, worker: slot.number });
    }
    deps.onChange();
    if ([...slots].every((each) => each.listening)) settleListening();
  }

  function onGone(slot: Slot): void {
    slots.delete(slot);
    meter.ended(slot.number);
    ending.add(slot.port);
    void slot.port.abandon(draining === null ? 'worker_exit' : 'shutdown').then(() => {
      ending.delete(slot.port);
      if (draining !== null) settleDrain();
    });
    deps.onChange();
  }

  /** At once, not when its pipe is read to the end: that may wait for the log. */
  function replace(slot: Slot): void {
    setTimeout(
      () => {
        if (draining === null) spawn();
      },
      backoff.ended(deps.now() - slot.startedMs),
    );
  }

  function sendAll(message: PrimaryControl): void {
    const frame = encodePrimaryControl(message);
    for (const slot of slots) slot.port.send(frame);
  }

  function reportQuota(clients: ClientQuota, all = false): void {
    for (const uncounted of clients.sweep(all)) log.note('audit_suspended', uncounted);
  }

  function settleDrain(): void {
    if (slots.size > 0 || ending.size > 0) return;
    clearInterval(sweep);
    if (quota !== null) reportQuota(quota, true);
    draining?.();
  }

  return {
    listening,
    setPolicy(version, source) {
      policy = { version, frame: encodePolicy(version, source) };
      for (const slot of slots) slot.port.send(policy.frame);
    },
    setTicketKeys(keys) {
      ticketKeys = keys;
      sendAll({ type: 'tickets', keys: keys.toString('base64') });
    },
    setTrust(material) {
      trust = material;
      sendAll({ type: 'trust', trust });
    },
    setWritable: (isWritable) => sendAll({ type: 'record', state: isWritable ? 'open' : 'full' }),
    endRunning: () => sendAll({ type: 'record', state: 'stuck' }),
    status: () =>
      [...slots].map((slot) => ({
        number: slot.number,
        pid: slot.worker.process.pid ?? 0,
        listening: slot.listening,
        policy: slot.policy,
        flows: slot.port.openCount(),
      })),
    counts: () => meter.read(),
    restarts: () => forks - deps.size,
    *openFlows() {
      for (const slot of slots) yield* slot.port.openFlows();
      for (const port of ending) yield* port.openFlows();
    },
    kill() {
      for (const slot of slots) slot.worker.process.kill('SIGKILL');
    },
    drain(timeoutMs) {
      const done = new Promise<void>((resolve) => {
        draining = resolve;
        settleDrain();
      });
      sendAll({ type: 'drain', timeoutMs });
      let deadline = setTimeout(() => {
        this.kill();
        // A log that cannot be written takes no last records: the stop does not wait for it.
        deadline = setTimeout(() => draining?.(), LIMITS.drainGraceMs);
      }, timeoutMs + LIMITS.drainGraceMs);
      return done.finally(() => clearTimeout(deadline));
    },
  };
}
