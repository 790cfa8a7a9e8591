// leash as one service: record, CA, policy, fleet and viewer, started in the order that a promise
// needs (no worker before a log and a policy) and stopped in the reverse one. Knows no signals and
// no exit codes; main.ts does.

import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Config, LIMITS } from '../shared/config.ts';
import type { Status } from '../shared/status.ts';
import { type AuditLog, openAuditLog } from './audit-log.ts';
import { type Ca, openCa } from './ca.ts';
import type { Diagnostics } from './diagnostics.ts';
import { type LogLock, lockLog } from './log-lock.ts';
import { type PolicyChange, type PolicyWatch, startPolicyWatch } from './policy-watch.ts';
import { ensureViewerToken, readHostId } from './state-dir.ts';
import { openStatusFile, type StatusFile } from './status-file.ts';
import { readUpstreamRoots } from './upstream-roots.ts';
import { startViewer } from './viewer-process.ts';
import { type Fleet, startFleet } from './workers.ts';

export type ServiceDeps = {
  readonly config: Config;
  readonly version: string;
  readonly diagnostics: Diagnostics;
  now(): number;
  /** Something that leash cannot go on with; the text says what, where and the fix. */
  onFatal(problem: string): void;
};

export type Service = {
  readonly ca: Ca;
  readonly log: AuditLog;
  mode(): string;
  /** Drains for `timeoutMs` at most, writes `stop`, seals the log. */
  stop(reason: string, timeoutMs: number): Promise<void>;
};

/** Starts everything; resolves when proxy and viewer listen. */
export async function startService(deps: ServiceDeps): Promise<Service> {
  const { config, diagnostics, version, now } = deps;
  const bootId = randomUUID();
  let state: Status['state'] = 'starting';
  let fleet: Fleet | null = null;
  let watch: PolicyWatch | null = null;
  let status: StatusFile | null = null;

  await mkdir(dirname(config.logPath), { recursive: true, mode: 0o750 });
  await mkdir(config.stateDir, { recursive: true, mode: 0o755 });
  const lock: LogLock = lockLog(dirname(config.logPath));
  const ca = await openCa({ stateDir: config.stateDir, now });
  await ensureViewerToken(config.stateDir);
  const roots = await readUpstreamRoots(config.upstreamCaFile);
  const log = await openAuditLog({
    logPath: config.logPath,
    rotateBytes: config.rotateBytes,
    audit: config.audit,
    hostId: await readHostId(config.stateDir),
    now,
    openFlows: () => fleet?.openFlows() ?? [],
    onHealth(problem) {
      if (problem === '') diagnostics.info('The record can be written again');
      else diagnostics.error({ problem }, 'The record cannot be written: nothing is forwarded');
      status?.touch();
    },
    onFatal: (error) => deps.onFatal(`The record cannot be written: ${error.message}`),
  });

  status = await openStatusFile(
    join(config.stateDir, 'run', 'status.json'),
    currentStatus,
    (error) => diagnostics.error({ err: error }, 'Cannot write status file'),
  );

  function currentStatus(): Status {
    const policy = watch?.current() ?? null;
    const { healthy, problem, segment, seq } = log.status();
    return {
      bootId,
      pid: process.pid,
      startedAt: startedMs,
      state,
      policy: policy && {
        version: policy.version,
        mode: policy.source.mode,
        files: policy.sha256,
      },
      problems: [...(watch?.problems() ?? [])],
      workers: fleet?.status() ?? [],
      log: { healthy, problem, segment, seq },
      listeners: {
        proxy: { host: config.bind, port: config.proxyPort },
        viewer: config.viewer ? { host: config.viewerBind, port: config.viewerPort } : null,
      },
    };
  }

  function onPolicy(change: PolicyChange): void {
    const { mode } = change.source;
    if (change.previousMode !== undefined && change.previousMode !== mode) {
      log.note('mode_change', { previous: change.previousMode, mode, policy: change.version });
    }
    // What the first policy consists of, `start` says.
    for (const file of change.version === 1 ? [] : change.changedFiles) {
      const sha256 = change.sha256[file] ?? '';
      log.note('policy_change', { file, version: change.version, sha256 });
    }
    fleet?.setPolicy(change.version, JSON.stringify(change.source));
    status?.touch();
  }

  function onListenFailed(...details: Parameters<typeof listenProblem>): void {
    // The one line of the problem is all that the operator should have to read.
    fleet?.kill();
    deps.onFatal(listenProblem(...details));
  }

  const startedMs = now();
  watch = await startPolicyWatch({
    dir: config.policyDir,
    now,
    onChange: onPolicy,
    onProblem(problems) {
      for (const problem of problems) {
        log.note('policy_error', problem);
        const instead =
          watch?.current() == null ? 'nothing passes' : 'the last good state stays in force';
        diagnostics.error(problem, `Policy file is not used; ${instead}`);
      }
      status?.touch();
    },
  });
  const first = watch.current();
  log.note('start', {
    version,
    node: process.version,
    mode: first?.source.mode ?? '',
    policy: first?.version ?? 0,
    files: first?.sha256 ?? {},
    workers: config.workers,
  });

  fleet = startFleet(
    {
      exec: fileURLToPath(new URL('../worker/main.js', import.meta.url)),
      size: config.workers,
      epoch: log.epoch,
      start: {
        config: { ...config, viewerToken: '' },
        upstreamRoots: roots,
        caCertPem: ca.certPem,
        hopToken: `leash-${randomBytes(16).toString('hex')}`,
      },
      log,
      ca,
      diagnostics,
      now,
      onChange: () => status?.touch(),
      onListenFailed: (code, message) =>
        onListenFailed(config.bind, config.proxyPort, 'LEASH_PROXY_PORT', code, message),
    },
    randomBytes(48),
  );
  if (first !== null) fleet.setPolicy(first.version, JSON.stringify(first.source));
  const tickets = setInterval(() => fleet?.setTicketKeys(randomBytes(48)), LIMITS.ticketKeysMs);
  const viewer = config.viewer
    ? startViewer({
        exec: fileURLToPath(new URL('../viewer/main.js', import.meta.url)),
        diagnostics,
        onListenFailed: (code, message) =>
          onListenFailed(config.viewerBind, config.viewerPort, 'PORT', code, message),
      })
    : null;
  await Promise.all([fleet.listening, viewer?.listening]);
  state = 'running';
  await status?.flush();

  return {
    ca,
    log,
    mode: () => watch?.current()?.source.mode ?? 'none',
    async stop(reason, timeoutMs) {
      state = 'draining';
      status?.touch();
      clearInterval(tickets);
      watch?.close();
      await fleet?.drain(timeoutMs);
      await viewer?.stop();
      log.note('stop', { reason });
      await log.close();
      state = 'stopped';
      await status?.flush();
      lock.release();
    },
  };
}

function listenProblem(
  host: string,
  port: number,
  setting: string,
  code: string,
  message: string,
): string {
  const why =
    code === 'EADDRINUSE'
      ? 'another program uses this port'
      : code === 'EACCES'
        ? 'not permitted'
        : message;
  return `Cannot listen on ${host}:${port} (${code}): ${why}; set ${setting} to a free port`;
}
