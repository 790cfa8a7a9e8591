// Which finished segments go, and their end: a record first, on the disk, with the hash that the next
// one continues, so that the chain can be followed across the gap; then the file. When more is there than
// may be, because it is too young or because it came too fast, nothing new may pass.

import { stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { MAX_RECORD_BYTES } from '../../shared/audit-event.ts';
import { type ChainPoint, ChainWalk } from '../../shared/chain-walk.ts';
import { codeOf } from '../../shared/error-code.ts';
import { LIMITS } from '../../shared/limits.ts';
import type { AuditLog } from '../log/audit-log.ts';
import { listSegments } from '../log/log-recovery.ts';
import { DamagedSegment, readSegment } from '../log/segment-bytes.ts';

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
  readonly log: Pick<AuditLog, 'status' | 'forbid' | 'noteOnDisk'>;
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
  /** What the log says already is not said again where a file cannot be deleted. */
  const announced = new Set<number>();
  let problem = '';

  async function look(): Promise<void> {
    sealed ??= await listSealed(deps);
    const { log, rotateBytes, retainBytes } = deps;
    const { bytes: liveBytes } = log.status();
    const total = sealed.reduce((sum, { bytes }) => sum + bytes, liveBytes);
    const { goes, isFull } = segmentsToDelete(sealed, liveBytes, deps, deps.now());
    // What is to go is there until it is gone.
    const isTooFast = retainBytes > 0 && total > retainBytes + 2 * rotateBytes;
    log.forbid(isFull ? TOO_YOUNG : isTooFast ? problem || TOO_FAST : '');
    for (const segment of goes) {
      if (isClosed) return;
      if (!announced.has(segment.number)) await announce(deps, segment);
      announced.add(segment.number);
      await remove(deps, segment);
      announced.delete(segment.number);
      sealed = null;
    }
  }

  function start(): void {
    if (isLooking) return;
    isLooking = true;
    look()
      .then(() => tell(''))
      .catch((error: Error) => {
        sealed = null;
        // It was compressed while its name was on the list.
        if (codeOf(error) !== 'ENOENT')
          tell(`Cannot delete a segment that is to go: ${error.message}`);
      })
      .finally(() => {
        isLooking = false;
      });
  }

  /** Once a second it is tried again; only what is new is said. */
  function tell(news: string): void {
    if (news !== '' && news !== problem) deps.onProblem(news);
    problem = news;
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

const NEWLINE = 0x0a;

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

/** Puts the end of a segment on the record; on the disk when it resolves. */
async function announce(deps: RetentionDeps, segment: KeptSegment): Promise<void> {
  const dir = dirname(deps.logPath);
  const { file, number, bytes } = segment;
  const next = listSegments(dir, basename(deps.logPath)).findLast((each) => each.number > number);
  const first = beginningOf(join(dir, file));
  const behind = next === undefined ? null : beginningOf(join(dir, next.file));
  await deps.log.noteOnDisk('segment_deleted', {
    file,
    number,
    ...(first === null ? {} : { first_seq: first.seq + 1 }),
    ...(behind === null ? {} : { last_seq: behind.seq, last_hash: behind.prev }),
    bytes,
    ...(first === null || deps.isDamaged(number) ? { damaged: true } : {}),
  });
}

async function remove({ logPath }: RetentionDeps, { file }: KeptSegment): Promise<void> {
  const path = join(dirname(logPath), file);
  try {
    await unlink(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || file.endsWith('.gz')) throw error;
    // It was compressed while the record was on its way to the disk.
    await unlink(`${path}.gz`);
  }
}

/** What a segment's first line continues; null: its beginning is damaged. Reads no further than that line. */
function beginningOf(path: string): ChainPoint | null {
  const walk = new ChainWalk();
  let bytes = 0;
  try {
    for (const chunk of readSegment(path)) {
      const end = chunk.indexOf(NEWLINE) + 1;
      walk.push(end > 0 ? chunk.subarray(0, end) : chunk);
      bytes += chunk.length;
      if (end > 0 || bytes > MAX_RECORD_BYTES) break;
    }
  } catch (error) {
    if (!(error instanceof DamagedSegment)) throw error;
  }
  return walk.first;
}
