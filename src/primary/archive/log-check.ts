// What a start leaves for later, so that agents do not wait for it: the chain of all segments from
// their first record on, and the flows that the last run left open, which get their last record.
// Both read whole files, in a thread.

import { basename, dirname, join } from 'node:path';
import { GENESIS } from '../../shared/audit-line.ts';
import type { ChainDamage, ChainPoint } from '../../shared/chain-walk.ts';
import { codeOf } from '../../shared/error-code.ts';
import { checkpointFileName, segmentName } from '../../shared/segments.ts';
import type { LogCheck, LogDamage } from '../../shared/status.ts';
import { appendAll } from '../log/append-all.ts';
import type { AuditLog } from '../log/audit-log.ts';
import { readPublished } from '../log/last-checkpoint.ts';
import { listSegments, type RecoveredLog } from '../log/log-recovery.ts';
import type { SegmentPool } from './segment-pool.ts';
import type { Inspection } from './segment-task.ts';

export type LogCheckDeps = {
  readonly logPath: string;
  readonly recovered: RecoveredLog;
  readonly log: AuditLog;
  readonly pool: Pick<SegmentPool, 'inspect'>;
  /** The result changed. */
  onChange(): void;
  onProblem(problem: string): void;
};

/** Damaged places that are named; there is no use in more. */
const MAX_NAMED = 20;
/** `<epoch>-<worker>-<n>`: it goes into a new record as it stands, and the old one may be anybody's. */
const FLOW_ID = /^([1-9]\d{0,8})-[1-9]\d{0,8}-\d{1,16}$/;

/** Ends what the last run left open: one `error` record, `primary_exit`, for each. */
export async function settleFlows(
  deps: Pick<LogCheckDeps, 'logPath' | 'log' | 'recovered'> & {
    readonly pool: Pick<SegmentPool, 'findOpenFlows'>;
  },
): Promise<void> {
  const { log, recovered, pool } = deps;
  const dir = dirname(deps.logPath);
  const flows = await pool.findOpenFlows(recovered.unsettled.map(({ file }) => join(dir, file)));
  const ends = flows
    // What this run has opened meanwhile in the same segment is its own.
    .filter(({ id }) => Number(FLOW_ID.exec(id)?.[1] ?? Infinity) < log.epoch)
    .map(({ id, members }) => ({
      id,
      members: `${members === '' ? '' : `${members},`}"reason":"primary_exit"`,
    }));
  await appendAll(log, 'error', ends);
  log.settled();
}

export type LogChecker = {
  /** What is known so far, at any time. */
  current(): LogCheck;
  /** Whether damage was found in this segment. */
  isDamaged(number: number): boolean;
  /** Walks all segments that were there at the start, the newest first. */
  walkAll(): Promise<void>;
  /** Walks one that turned out to be damaged. */
  walk(file: string): Promise<void>;
};

export function createLogChecker(deps: LogCheckDeps): LogChecker {
  const { logPath, log, pool, recovered } = deps;
  const dir = dirname(logPath);
  const logName = basename(logPath);
  let state: LogCheck['state'] = 'running';
  let segments = 0;
  const damage: LogDamage[] = [];
  /** What the log says already. */
  const known = new Set(
    recovered.findings.flatMap(({ file, reason }) => (reason === 'damaged' ? file : [])),
  );
  /** Files with damage, also those that are not listed. */
  const named = new Set<string>();
  /** Behind what was deleted, by the records of that. */
  const deleted: ChainPoint[] = [];

  /** Null: it is not there any more, or cannot be read. */
  async function inspect(file: string, published: readonly string[]): Promise<Inspection | null> {
    try {
      const seen = await pool.inspect({ path: join(dir, file), published });
      if (seen.damage !== null) found('damaged', { file, ...placeOf(seen.damage) });
      deleted.push(...seen.deleted);
      return seen;
    } catch (error) {
      const isGone = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      // Compressed since the folder was listed; else it was deleted.
      if (isGone && !file.endsWith('.gz')) return inspect(`${file}.gz`, published);
      if (!isGone) deps.onProblem(`Cannot check ${file}: ${codeOf(error)}`);
      return null;
    }
  }

  function found(reason: 'damaged' | 'missing', place: LogDamage): void {
    const { file, seq, offset } = place;
    if (named.has(file)) return;
    if (damage.length === MAX_NAMED) {
      if (named.size === MAX_NAMED)
        deps.onProblem(`More than ${MAX_NAMED} segments are damaged; run: leashctl verify ${dir}`);
      named.add(file);
      return;
    }
    named.add(file);
    damage.push(place);
    deps.onChange();
    deps.onProblem(
      `${file} is not what was written, from record ${seq} on (byte ${offset}); keep the files as they are and run: leashctl verify ${dir}`,
    );
    if (known.has(file)) return;
    log.note('log_recovered', { file, reason, last_seq: Math.max(0, seq - 1), offset });
    // Nothing is to follow damage in its own segment.
    if (file === segmentName(logName, log.status().segment)) log.rotate();
  }

  /** Whether a segment begins where the one before it ends, a deleted one did, or the log does. */
  function checkLink(newer: Walked, older: Walked | null): void {
    const { first } = newer.seen;
    if (first === null || isSame(first, { seq: 0, prev: GENESIS })) return;
    if (older !== null && older.number === newer.number - 1) {
      const { last, end, damage: olderDamage, tornBytes } = older.seen;
      if (olderDamage !== null || (tornBytes === 0 && isSame(first, last))) return;
      found('damaged', { file: older.file, seq: last.seq + 1, offset: end });
    } else if (!deleted.some((point) => isSame(point, first))) {
      found('missing', { file: newer.file, seq: first.seq + 1, offset: 0 });
    }
  }

  return {
    current: () => ({ state, segments, damage }),
    isDamaged(number) {
      const file = segmentName(logName, number);
      return named.has(file) || named.has(`${file}.gz`);
    },
    async walk(file) {
      await inspect(file, []);
    },
    async walkAll() {
      const published = readPublished(join(dir, checkpointFileName(logName)));
      let newer: Walked | null = null;
      for (const { number, file } of listSegments(dir, logName)) {
        if (number > recovered.position.segment) continue;
        const seen = await inspect(file, published);
        segments += 1;
        const walked: Walked | null = seen && { number, file, seen };
        // One that could not be read says nothing about its neighbours.
        if (newer !== null && walked !== null) checkLink(newer, walked);
        newer = walked;
        deps.onChange();
      }
      if (newer !== null) checkLink(newer, null);
      state = 'done';
      deps.onChange();
    },
  };
}

type Walked = { readonly number: number; readonly file: string; readonly seen: Inspection };

function isSame(a: ChainPoint, b: ChainPoint): boolean {
  return a.seq === b.seq && a.prev === b.prev;
}

function placeOf({ seq, offset }: ChainDamage): { seq: number; offset: number } {
  return { seq, offset };
}
