// Which finished segments go, and their end: a record first, on the disk, with the hash that the next
// one continues, so that the chain can be followed across the gap; then the file. When more is there than
// may be, because it is too young or because it came too fast, nothing new may pass.

import { stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { GENESIS } from '../../shared/audit-line.ts';
import { type ChainPoint, ChainWalk } from '../../shared/chain-walk.ts';
import { codeOf } from '../../shared/error-code.ts';
import { LIMITS } from '../../shared/limits.ts';
import type { AuditLog } from '../log/audit-log.ts';
import { listSegments } from '../log/log-recovery.ts';
import { readSegment } from '../log/segment-bytes.ts';

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
  /** Of a segment: so much may be on the way out beyond what is retained. */
  readonly rotateBytes: number;
  readonly log: AuditLog;
  /** Whether the check found damage in it: that goes on the record with it. */
  isDamaged(number: number): boolean;
  now(): number;
  onProblem(problem: string): void;
};

export type Retention = {
  /** Segments were finished, compressed or deleted: the next look reads the folder. */
  changed(): void;
  close(): void;
};

/** Looks when segments change, and once a second. */
export function startRetention(deps: RetentionDeps): Retention {
  if (deps.retainBytes === 0 && deps.retainMs === 0) return { changed() {}, close() {} };
  let isLooking = false;
  let sealed: readonly KeptSegment[] | null = null;
  let isClosed = false;

  async function look(): Promise<void> {
    sealed ??= await listSealed(deps);
    const { log, rotateBytes, retainBytes } = deps;
    const { bytes: liveBytes } = log.status();
    const total = sealed.reduce((sum, { bytes }) => sum + bytes, liveBytes);
    const { goes, isFull } = segmentsToDelete(sealed, liveBytes, deps, deps.now());
    // What is to go is there until it is gone.
    const isTooFast = retainBytes > 0 && total > retainBytes + 2 * rotateBytes;
    log.forbid(isFull ? TOO_YOUNG : isTooFast ? TOO_FAST : '');
    for (const segment of goes) {
      if (isClosed) return;
      await remove(deps, segment);
      sealed = null;
    }
  }

  function start(): void {
    if (isLooking) return;
    isLooking = true;
    look()
      .catch((error: Error) => {
        sealed = null;
        // It was compressed while its name was on the list.
        if (codeOf(error) !== 'ENOENT') deps.onProblem(error.message);
      })
      .finally(() => {
        isLooking = false;
      });
  }

  const timer = setInterval(start, LIMITS.retentionMs);
  return {
    changed() {
      sealed = null;
      if (!isClosed) start();
    },
    close() {
      isClosed = true;
      clearInterval(timer);
    },
  };
}

const TOO_YOUNG = 'LEASH_RETAIN_MB is reached by segments that are younger than LEASH_RETAIN_DAYS';
const TOO_FAST = 'LEASH_RETAIN_MB is passed faster than segments are deleted';

/** Oldest first. */
async function listSealed({ log, logPath }: RetentionDeps): Promise<KeptSegment[]> {
  const dir = dirname(logPath);
  const { segment: live } = log.status();
  const sealed: KeptSegment[] = [];
  for (const { number, file } of listSegments(dir, basename(logPath)).reverse()) {
    if (number >= live) continue;
    const { size, mtimeMs } = await stat(join(dir, file));
    sealed.push({ number, file, bytes: size, mtimeMs });
  }
  return sealed;
}

async function remove(deps: RetentionDeps, segment: KeptSegment): Promise<void> {
  const dir = dirname(deps.logPath);
  const { file, number, bytes } = segment;
  const next = listSegments(dir, basename(deps.logPath)).findLast((each) => each.number > number);
  const first = beginningOf(join(dir, file));
  const { seq, prev } = beginningOf(join(dir, next?.file ?? ''));
  await deps.log.noteOnDisk('segment_deleted', {
    file,
    number,
    first_seq: first.seq + 1,
    last_seq: seq,
    last_hash: prev,
    bytes,
    ...(deps.isDamaged(number) ? { damaged: true } : {}),
  });
  // It may have been compressed while the record was on its way to the disk.
  const gone = unlink(join(dir, file));
  await (file.endsWith('.gz') ? gone : gone.catch(() => unlink(join(dir, `${file}.gz`))));
}

/** What a segment's first line continues. */
function beginningOf(path: string): ChainPoint {
  const walk = new ChainWalk();
  for (const chunk of readSegment(path)) {
    walk.push(chunk);
    if (walk.first !== null) return walk.first;
  }
  return { seq: 0, prev: GENESIS };
}
