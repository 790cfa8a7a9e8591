// All that the checks of `leashctl doctor` are about, read once. What cannot be read is null: a check says
// so, and nothing here throws for it.

import { X509Certificate } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { dirname, join } from 'node:path';
import { canonicalIp } from '../../../shared/address.ts';
import type { Config } from '../../../shared/config.ts';
import { AgentNetworks } from '../../policy/policy-reader.ts';
import { growthPerDay, listSegmentFiles, readRoom } from '../../state/disk.ts';
import { readLastCheckpoint } from '../../state/last-checkpoint.ts';
import { readStatus } from '../../status.ts';
import { LogFolder } from '../../store/log-folder.ts';
import type { Settings } from '../settings/read-settings.ts';
import { hasCode } from '../table/verb.ts';
import type { AccessFacts, User } from './access-checks.ts';
import type { ClientFacts } from './client-checks.ts';
import type { ClockFacts } from './clock-checks.ts';
import type { DiskFacts } from './disk-checks.ts';
import { readSynchronised } from './facts/read-clock.ts';
import { readEntries } from './facts/read-entries.ts';
import { readLogTail } from './facts/read-log-tail.ts';
import { readListening } from './facts/read-ports.ts';
import { listProcesses, readOpenFiles, readProcess } from './facts/read-processes.ts';
import type { HostFacts } from './host-checks.ts';
import type { RecordFacts } from './record-checks.ts';
import type { RunningFacts } from './running-checks.ts';

export type Facts = RunningFacts &
  ClientFacts &
  RecordFacts &
  AccessFacts &
  HostFacts & { readonly clock: ClockFacts; readonly disk: DiskFacts };

/** Reads files and /proc; asks no process of leash. */
export async function gatherFacts(config: Config, settings: Settings): Promise<Facts> {
  const { stateDir, logPath, policyDir } = config;
  const nowMs = Date.now();
  const running = await readStatus(stateDir).catch((error: Error) => ({
    status: null,
    alive: false,
    problems: [`the status file cannot be read: ${error.message}`],
  }));
  const { status, alive } = running;
  const viewer = status === null ? viewerOf(config) : status.listeners.viewer;
  const proxyPort = status?.listeners.proxy.port ?? config.proxyPort;
  const tail = await readLogTail(logPath);
  const family = await readFamily(status !== null && alive ? status.pid : null);
  const [worker] = alive ? (status?.workers ?? []) : [];
  const segments = await listSegmentFiles(logPath);
  return {
    ...running,
    ...(await readEntries({ stateDir, logPath, policyDir })),
    stateDir,
    settings: { ...settings, changedMs: await changedMs(settings.file) },
    seen: tail?.seen ?? null,
    ownAddresses: readOwnAddresses(),
    networks: await new AgentNetworks(policyDir).read(),
    viewerBind: viewer === null ? null : viewer.host,
    hasViewer: viewer !== null,
    token: config.viewerToken === 'off' ? 'off' : config.viewerToken === '' ? 'made' : 'set',
    clock: {
      synchronised: await readSynchronised(),
      nowS: nowMs / 1000,
      newestTs: tail?.newestTs ?? null,
      backwards: tail?.backwards ?? null,
    },
    disk: {
      log: await readRoom(dirname(logPath)),
      state: await readRoom(stateDir),
      logBytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
      growthPerDay: growthPerDay(segments, nowMs),
      retainBytes: config.retainBytes,
    },
    nowS: nowMs / 1000,
    nowMs,
    checkpoint: await readLastCheckpoint(logPath),
    index: await readIndex(logPath, stateDir),
    caExpiryS: await readCaExpiry(stateDir),
    primary: await userOf(status !== null && alive ? status.pid : null),
    worker: await userOf(worker?.pid ?? null),
    viewer: await userOf(family.viewer),
    proxyPort,
    viewerPort: viewer?.port ?? null,
    listening: await readListening([proxyPort, ...(viewer === null ? [] : [viewer.port])], (pid) =>
      family.pids.has(pid),
    ),
    node: process.version,
    openFiles: worker === undefined ? null : await readOpenFiles(worker.pid),
    maxTunnels: config.maxTunnels,
  };
}

function viewerOf({ viewer, viewerBind, viewerPort }: Config) {
  return viewer ? { host: viewerBind, port: viewerPort } : null;
}

/** The primary and what it started; those that it started through others are none. */
async function readFamily(
  primary: number | null,
): Promise<{ readonly pids: ReadonlySet<number>; readonly viewer: number | null }> {
  const pids = new Set<number>();
  let viewer: number | null = null;
  if (primary === null) return { pids, viewer };
  pids.add(primary);
  for (const pid of await listProcesses()) {
    if ((await readProcess(pid))?.parent !== primary) continue;
    pids.add(pid);
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes('viewer/main.js')) viewer = pid;
  }
  return { pids, viewer };
}

function readOwnAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.flatMap(({ address }) => canonicalIp(address) ?? []);
}

async function userOf(pid: number | null): Promise<User | null> {
  return pid === null ? null : ((await readProcess(pid))?.user ?? null);
}

async function changedMs(file: string | null): Promise<number | null> {
  if (file === null) return null;
  return stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => null,
  );
}

async function readCaExpiry(stateDir: string): Promise<number | null> {
  try {
    const pem = await readFile(join(stateDir, 'ca.pem'));
    return Date.parse(new X509Certificate(pem).validTo) / 1000;
  } catch {
    return null;
  }
}

/** The newest segment's index is in the viewer's memory; 0 is a file of the original. */
async function readIndex(logPath: string, stateDir: string): Promise<RecordFacts['index']> {
  try {
    const finished = (await new LogFolder(logPath).list()).slice(0, -1);
    const names = new Set(
      await readdir(join(stateDir, 'index')).catch((error: unknown) => {
        if (hasCode(error, 'ENOENT')) return [];
        throw error;
      }),
    );
    const indexed = finished.filter((number) => names.has(`egress.${number}.idx`)).length;
    return { segments: finished.length, indexed };
  } catch {
    return null;
  }
}
