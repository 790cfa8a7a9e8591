// Which finished segments go, and their end: a record first, on the disk, with the last hash of what
// goes, so that the chain can be followed across the gap; then the file. Never more than the settings
// say: when all that is left is too young, nothing new may pass.

import { stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { LIMITS } from '../../shared/limits.ts';
import type { AuditLog } from '../log/audit-log.ts';
import { listSegments } from '../log/log-recovery.ts';
import type { SegmentPool } from './segment-pool.ts';

export type KeptSegment = {
  readonly number: number;
  readonly file: string;
  readonly bytes: number;
  /** Of its last record, milliseconds since 1970. */
  readonly mtimeMs: number;
};

export type RetentionRule = {
  /** 0: no limit of size. */
  readonly retainBytes: number;
  /** Alone: the age at which a segment goes. Beside a size: the age below which none goes. */
  readonly retainMs: number;
};

/** Finished segments, oldest first → those that go, and whether too much is left that may not. */
export function segmentsToDelete(
  sealed: readonly KeptSegment[],
  liveBytes: number,
  rule: RetentionRule,
  nowMs: number,
): { readonly goes: readonly KeptSegment[]; readonly isFull: boolean } {
  const { retainBytes, retainMs } = rule;
  let total = sealed.reduce((sum, { bytes }) => sum + bytes, liveBytes);
  const goes: KeptSegment[] = [];
  for (const segment of sealed) {
    const isOld = nowMs - segment.mtimeMs >= retainMs;
    const isTooMuch = retainBytes > 0 ? total > retainBytes : retainMs > 0;
    if (!isOld || !isTooMuch) break;
    goes.push(segment);
    total -= segment.bytes;
  }
  return { goes, isFull: retainBytes > 0 && total > retainBytes };
}

export type RetentionDeps = RetentionRule & {
  readonly logPath: string;
  readonly log: AuditLog;
  readonly pool: Pick<SegmentPool, 'inspect'>;
  now(): number;
  onProblem(problem: string): void;
};

/** Looks once a second. Gives back how to end it. */
export function startRetention(deps: RetentionDeps): { close(): void } {
  if (deps.retainBytes === 0 && deps.retainMs === 0) return { close() {} };
  let running = false;
  const timer = setInterval(async () => {
    if (running) return;
    running = true;
    await retain(deps).catch((error: Error) => deps.onProblem(error.message));
    running = false;
  }, LIMITS.retentionMs);
  return { close: () => clearInterval(timer) };
}

async function retain(deps: RetentionDeps): Promise<void> {
  const { log, logPath } = deps;
  const dir = dirname(logPath);
  const { segment: live, bytes: liveBytes } = log.status();
  const sealed: KeptSegment[] = [];
  for (const { number, file } of listSegments(dir, basename(logPath)).reverse()) {
    if (number >= live) continue;
    const { size, mtimeMs } = await stat(join(dir, file));
    sealed.push({ number, file, bytes: size, mtimeMs });
  }
  const { goes, isFull } = segmentsToDelete(sealed, liveBytes, deps, deps.now());
  log.forbid(
    isFull ? 'LEASH_RETAIN_MB is reached by segments that are younger than LEASH_RETAIN_DAYS' : '',
  );
  for (const segment of goes) await remove(deps, join(dir, segment.file), segment);
}

async function remove(deps: RetentionDeps, path: string, segment: KeptSegment): Promise<void> {
  const { file, number, bytes } = segment;
  const { first, last, damage } = await deps.pool.inspect(path);
  await deps.log.noteOnDisk('segment_deleted', {
    file,
    number,
    first_seq: (first?.seq ?? 0) + 1,
    last_seq: last.seq,
    last_hash: last.prev,
    bytes,
    ...(damage === null ? {} : { damaged: true }),
  });
  await unlink(path);
}
