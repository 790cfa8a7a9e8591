// leash as one service: record, CA, policy, fleet and viewer, started in the order that a promise
// needs (no worker before a log and a policy) and stopped in the reverse one. Knows no signals and
// no exit codes; main.ts does.

import { randomBytes, randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../shared/config.ts';
import { LIMITS } from '../shared/limits.ts';
import { Meter } from '../shared/meter.ts';
import { PRIMARY_METRICS } from '../shared/metric-tables.ts';
import { POLICY_FILES } from '../shared/policy-source.ts';
import type { PolicyProblem, Status } from '../shared/status.ts';
import { plainHex } from '../shared/trust/trusted-ca.ts';
import { type Ca, openCa } from './ca/ca.ts';
import { startRotation } from './ca/rotation.ts';
import { publishTrust } from './ca/trust-material.ts';
import { readUpstreamRoots } from './ca/upstream-roots.ts';
import type { Diagnostics } from './diagnostics.ts';
import { type ListenFailure, listenProblem } from './listen-problem.ts';
import type { AuditLog } from './log/audit-log.ts';
import { makeFolder } from './make-folder.ts';
import { startMetrics } from './metrics-file.ts';
import { dropNote, takeActor } from './policy/edit-notes.ts';
import { type PolicyChange, type PolicyWatch, startPolicyWatch } from './policy/policy-watch.ts';
import { openRecord, type Record } from './record.ts';
import { ensureViewerToken, readSecretsKey } from './state-dir.ts';
import { openStatusFile, type StatusFile } from './status-file.ts';
import { readUsers, shareWithViewer } from './users.ts';
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
  /** Drains for `timeoutMs` at most, writes `stop`, seals the log. Gives what is not on the record; '' = nothing. */
  stop(reason: string, timeoutMs: number): Promise<string>;
};

/** How old the numbers in the status file may be while records are written. */
const STATUS_MS = 1000;

/** Starts everything; resolves when proxy and viewer listen. */
export async function startService(deps: ServiceDeps): Promise<Service> {
  const { config, diagnostics, version, now } = deps;
  const bootId = randomUUID();
  let state: Status['state'] = 'starting';
  let fleet: Fleet | null = null;
  let watch: PolicyWatch | null = null;
  let status: StatusFile | null = null;

  await makeFolderOf('LOG_PATH', dirname(config.logPath), 0o750);
  await makeFolderOf('LEASH_STATE_DIR', config.stateDir, 0o755);
  const ca = await openCa({ stateDir: config.stateDir, now });
  await ensureViewerToken(config.stateDir);
  const users = await readUsers(config.users);
  if (users !== null || !config.viewer) {
    await shareWithViewer(config.stateDir, users?.viewer.gid ?? process.getegid?.() ?? 0);
  }
  const roots = await readUpstreamRoots(config.upstreamCaFile);
  const meter = new Meter(PRIMARY_METRICS);
  const record: Record = await openRecord({
    config,
    diagnostics,
    meter,
    now,
    openFlows: () => fleet?.openFlows() ?? [],
    onHealth(problem) {
      fleet?.setWritable(problem === '');
      status?.touch();
    },
    onStuck: () => fleet?.endRunning(),
    onChange: () => status?.touch(),
    onFatal: deps.onFatal,
  });
  const { log } = record;
  const rotation = await startRotation({
    ca,
    stateDir: config.stateDir,
    now,
    note: (fields) => log.note('ca_change', fields),
    async onChange() {
      if (fleet === null) return;
      fleet.setTrust(await publishTrust(config.stateDir, ca));
      // Contexts are made anew with the keys, and so are the leaves in them.
      fleet.setTicketKeys(randomBytes(48));
    },
    onError: (error) => diagnostics.error({ err: error }, 'Cannot rotate the CA'),
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
      log: { healthy, problem, segment, seq, check: record.check() },
      records: log.counts(),
      totals: log.totals(),
      listeners: {
        proxy: { host: config.bind, port: config.proxyPort },
        viewer: config.viewer ? { host: config.viewerBind, port: config.viewerPort } : null,
      },
    };
  }

  function onPolicy(change: PolicyChange): void {
    const { mode } = change.source;
    // What the first policy consists of, `start` says.
    for (const file of change.version === 1 ? [] : change.changedFiles) {
      const { version, previousMode } = change;
      const sha256 = change.sha256[file] ?? '';
      const actor = takeActor(config.policyDir, file, { sha256, nowMs: now() });
      if (actor !== '') dropNote(config.policyDir, file);
      if (file === 'mode' && previousMode !== undefined) {
        log.note('mode_change', { previous: previousMode, mode, policy: version, actor });
      }
      const diff = change.diffs[file] ?? [];
      log.note('policy_change', { file, version, sha256, actor, diff });
    }
    fleet?.setPolicy(change.version, JSON.stringify(change.source));
    status?.touch();
  }

  function reportProblems(problems: readonly PolicyProblem[], inForce: boolean): void {
    const instead = inForce
      ? 'what was in force stays, at a start the other files'
      : 'nothing passes';
    for (const problem of problems) {
      diagnostics.error(problem, `Policy file is not used; ${instead}`);
    }
  }

  function onListenFailed(failure: ListenFailure): void {
    // The one line of the problem is all that the operator should have to read.
    fleet?.kill();
    deps.onFatal(listenProblem(failure));
  }

  const startedMs = now();
  // A note from before this start speaks of a change that no record of it names.
  for (const file of POLICY_FILES) dropNote(config.policyDir, file);
  watch = await startPolicyWatch({
    dir: config.policyDir,
    now,
    onChange: onPolicy,
    onProblem(problems) {
      for (const problem of problems) log.note('policy_error', problem);
      if (watch !== null) reportProblems(problems, watch.current() !== null);
      status?.touch();
    },
  });
  const first = watch.current();
  reportProblems(watch.problems(), first !== null);
  log.note('start', {
    version,
    node: process.version,
    mode: first?.source.mode ?? '',
    policy: first?.version ?? 0,
    files: first?.sha256 ?? {},
    ca: ca.trusted.map(({ sha256 }) => plainHex(sha256)),
    workers: config.workers,
  });

  fleet = startFleet(
    {
      exec: fileURLToPath(new URL('../worker/main.js', import.meta.url)),
      user: users?.worker ?? null,
      size: config.workers,
      epoch: log.epoch,
      start: {
        config: { ...config, viewerToken: '' },
        upstreamRoots: roots,
        trust: await publishTrust(config.stateDir, ca),
        hopToken: `leash-${randomBytes(16).toString('hex')}`,
        secretsKey: config.secrets === 'plain' ? '' : await readSecretsKey(config.stateDir),
      },
      log,
      ca,
      diagnostics,
      now,
      onChange: () => status?.touch(),
      onListenFailed: (code, message) =>
        onListenFailed({
          host: config.bind,
          port: config.proxyPort,
          settings: { host: 'LEASH_BIND', port: 'LEASH_PROXY_PORT' },
          code,
          message,
        }),
    },
    randomBytes(48),
  );
  if (first !== null) fleet.setPolicy(first.version, JSON.stringify(first.source));
  const tickets = setInterval(() => fleet?.setTicketKeys(randomBytes(48)), LIMITS.ticketKeysMs);
  let publishedSeq = 0;
  const publish = setInterval(() => {
    if (log.status().seq === publishedSeq) return;
    publishedSeq = log.status().seq;
    status?.touch();
  }, STATUS_MS);
  const viewer = config.viewer
    ? startViewer({
        exec: fileURLToPath(new URL('../viewer/main.js', import.meta.url)),
        user: users?.viewer ?? null,
        diagnostics,
        now,
        onListenFailed: (code, message) =>
          onListenFailed({
            host: config.viewerBind,
            port: config.viewerPort,
            settings: { host: 'LEASH_VIEWER_BIND', port: 'PORT' },
            code,
            message,
          }),
      })
    : null;
  await Promise.all([fleet.listening, viewer?.listening]);
  record.begin();
  const metrics = await startMetrics({
    ...{ meter, bootId, startedMs, log, fleet, stateDir: config.stateDir, caCertPem: ca.certPem },
    onError: (error) => diagnostics.error({ err: error }, 'Cannot write what was counted'),
  });
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
      clearInterval(publish);
      watch?.close();
      rotation.close();
      await fleet?.drain(timeoutMs);
      await viewer?.stop();
      log.note('stop', { reason });
      const problem = await record.close();
      await metrics.close();
      state = 'stopped';
      await status?.flush();
      return problem;
    },
  };
}

/** Throws with the setting that says another place. */
async function makeFolderOf(setting: string, path: string, mode: number): Promise<void> {
  try {
    await makeFolder(path, mode);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot make the folder of ${setting}, ${path}: ${why}; set ${setting}`);
  }
}
