// The record and all that goes with it, opened in the order that a promise needs: lock, what a crash
// left, the key, the log; then, beside it, what is done with finished segments and what was left open.

import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from '../shared/config.ts';
import { LIMITS } from '../shared/limits.ts';
import type { PrimaryMeter } from '../shared/metric-tables.ts';
import { checkpointFileName, segmentName } from '../shared/segments.ts';
import type { LogCheck } from '../shared/status.ts';
import { createLogChecker, settleFlows } from './archive/log-check.ts';
import { type Retention, startRetention } from './archive/retention.ts';
import { Sealer } from './archive/sealer.ts';
import { openSegmentPool } from './archive/segment-pool.ts';
import type { Diagnostics } from './diagnostics.ts';
import { type AuditLog, openAuditLog } from './log/audit-log.ts';
import { CheckpointFile, checkProgram } from './log/checkpoint-file.ts';
import { openCheckpointKey } from './log/checkpoint-key.ts';
import { lockLog } from './log/log-lock.ts';
import { listSegments, recoverLog } from './log/log-recovery.ts';
import { readHostId } from './state-dir.ts';

export type RecordDeps = {
  readonly config: Config;
  readonly diagnostics: Diagnostics;
  readonly meter: PrimaryMeter;
  now(): number;
  openFlows(): Iterable<string>;
  /** Why nothing new may pass; empty: it may again. */
  onHealth(problem: string): void;
  /** Not even the last records of what runs can be written. */
  onStuck(): void;
  /** Something that the status file shows. */
  onChange(): void;
  onFatal(problem: string): void;
};

export type Record = {
  readonly log: AuditLog;
  check(): LogCheck;
  /** Starts what may wait until the service runs: checking, sealing, deleting. */
  begin(): void;
  /** Seals the log and lets go of it. Gives what could not be written; '' = nothing. */
  close(): Promise<string>;
};

/** What a compression that was cut short has left; it is begun anew. */
async function removeLeftovers(dir: string): Promise<void> {
  const left = (await readdir(dir)).filter((name) => name.endsWith('.new.gz'));
  for (const name of left) await rm(join(dir, name), { force: true });
}

/** Throws where the folder cannot be used, or another leash writes there. */
export async function openRecord(deps: RecordDeps): Promise<Record> {
  const { config, diagnostics, now } = deps;
  const { logPath } = config;
  const dir = dirname(logPath);
  const logName = basename(logPath);
  const warn = (problem: string) => diagnostics.warn({ problem }, 'The record needs a look');
  await checkProgram(config.checkpointCommand);
  let lock = lockLog(dir);
  const hostId = await readHostId(config.stateDir);
  const signer = await openCheckpointKey(config.stateDir);
  const checkpoints = new CheckpointFile({
    path: join(dir, checkpointFileName(logName)),
    command: config.checkpointCommand,
    onProblem: (problem) =>
      diagnostics.warn({ problem }, 'A checkpoint was not kept; it comes again with the next one'),
  });
  const pool = openSegmentPool();
  let isSettled = false;
  let checkedMs = 0;
  const recovered = recoverLog({ logPath, rotateBytes: config.rotateBytes, key: signer.key });
  for (const finding of recovered.findings) {
    diagnostics.warn(finding, 'The record was not as it was left');
  }
  const log = openAuditLog({
    logPath,
    rotateBytes: config.rotateBytes,
    audit: config.audit,
    recovered,
    hostId,
    signer,
    meter: deps.meter,
    now,
    openFlows: deps.openFlows,
    onHealth(problem) {
      if (problem === '') diagnostics.info('The record can be written again');
      else diagnostics.error({ problem }, 'The record cannot be written: nothing is forwarded');
      deps.onHealth(problem);
    },
    onStuck: deps.onStuck,
    onCheckpoint: (line) => checkpoints.add(line),
    onMoved() {
      diagnostics.error('The live segment, or its folder, was changed or taken away');
      // The lock is on the folder, which may be another one now.
      lock.release();
      try {
        lock = lockLog(dir);
      } catch (error) {
        deps.onFatal(error instanceof Error ? error.message : String(error));
      }
    },
    onSealed: (segments) => seal(segments.map((number) => segmentName(logName, number))),
    onFatal: (error) => deps.onFatal(`The record cannot be written: ${error.message}`),
  });
  const checker = createLogChecker({
    ...{ logPath, recovered, log, pool },
    onChange() {
      if (checkedMs === 0 && checker.current().state === 'done') checkedMs = now();
      deps.onChange();
    },
    onProblem: warn,
  });
  const sealer = new Sealer({
    dir,
    pool,
    onSealed: () => retention?.changed(),
    onDamaged: (file) => void checker.walk(file),
    onProblem: warn,
  });
  let retention: Retention | null = null;
  let settling: Promise<void> = Promise.resolve();

  /** Not before it is known what they leave open: that is looked up in them. */
  function seal(files: readonly string[]): void {
    if (isSettled) sealer.add(files);
    retention?.changed();
  }

  async function lookBack(): Promise<void> {
    settling = settleFlows({ logPath, recovered, log, pool }).catch((error: Error) =>
      warn(`Cannot end the flows of the last run: ${error.message}`),
    );
    await settling;
    isSettled = true;
    await removeLeftovers(dir);
    const { segment } = log.status();
    const finished = listSegments(dir, logName).filter(
      ({ number, file }) => number < segment && !file.endsWith('.gz'),
    );
    sealer.add(finished.map(({ file }) => file));
    await checker.walkAll();
  }

  return {
    log,
    check: () => ({ ...checker.current(), ...(checkedMs > 0 && { at: checkedMs }) }),
    begin() {
      lookBack().catch((error: Error) => warn(`Cannot look at the log: ${error.message}`));
      retention = startRetention({
        ...{ retainBytes: config.retainBytes, retainMs: config.retainMs },
        ...{ rotateBytes: config.rotateBytes, logPath, log, now },
        isDamaged: (number) => checker.isDamaged(number),
        onProblem: warn,
      });
    },
    async close() {
      retention?.close();
      sealer.close();
      // What it does not come to, the next start does.
      await Promise.race([settling, pause(LIMITS.settleStopMs, undefined, { ref: false })]);
      await pool.close();
      const problem = await log.close();
      await checkpoints.flush();
      lock.release();
      return problem;
    },
  };
}
