// What a start leaves for later, so that agents do not wait for it: the chain of all segments from
// their first record on, and the flows that the last run left open, which get their last record.
// Both read whole files, in a thread.

import { basename, dirname, join } from 'node:path';
import type { ChainDamage, ChainPoint } from '../../shared/chain-walk.ts';
import { codeOf } from '../../shared/error-code.ts';
import { segmentName } from '../../shared/segments.ts';
import type { LogCheck, LogDamage } from '../../shared/status.ts';
import { appendAll } from '../log/append-all.ts';
import type { AuditLog } from '../log/audit-log.ts';
import { listSegments, type RecoveredLog } from '../log/log-recovery.ts';
import type { SegmentPool } from './segment-pool.ts';
import type { Inspection } from './segment-task.ts';

export type LogCheckDeps = {
  readonly logPath: string;
  readonly recovered: RecoveredLog;
  readonly log: AuditLog;
  readonly pool: Pick<SegmentPool, 'inspect' | 'findOpenFlows'>;
  /** The result changed. */
  onChange(): void;
  onProblem(problem: string): void;
};

/** Damaged places that are named; there is no use in more. */
const MAX_NAMED = 20;

/** Ends what the last run left open: one `error` record, `primary_exit`, for each. */
export async function settleFlows(
  deps: Pick<LogCheckDeps, 'logPath' | 'log' | 'pool' | 'recovered'>,
): Promise<void> {
  const { log, recovered, pool } = deps;
  const dir = dirname(deps.logPath);
  const flows = await pool.findOpenFlows(recovered.unsettled.map(({ file }) => join(dir, file)));
  const ends = flows
    // What this run has opened meanwhile in the same segment is its own.
    .filter(({ id }) => Number(id.split('-')[0]) < log.epoch)
    .map(({ id, members }) => ({
      id,
      members: `"worker":${Number(id.split('-')[1])},${members === '' ? '' : `${members},`}"reason":"primary_exit"`,
    }));
  await appendAll(log, 'error', ends);
  log.settled();
}

export type LogChecker = {
  /** What is known so far, at any time. */
  current(): LogCheck;
  /** Walks all segments that were there at the start, the newest first. */
  walkAll(): Promise<void>;
  /** Walks one that turned out to be damaged. */
  walk(file: string): Promise<void>;
};

export function createLogChecker(deps: LogCheckDeps): LogChecker {
  const { logPath, log, pool, recovered } = deps;
  const dir = dirname(logPath);
  let state: LogCheck['state'] = 'running';
  let segments = 0;
  const damage: LogDamage[] = [];
  /** What the log says already. */
  const known = new Set(
    recovered.findings.flatMap(({ file, reason }) => (reason === 'damaged' ? file : [])),
  );
  const named = new Set<string>();

  /** Null: it is not there any more, or cannot be read. */
  async function inspect(file: string): Promise<Inspection | null> {
    try {
      const seen = await pool.inspect(join(dir, file));
      if (seen.damage !== null) found({ file, ...placeOf(seen.damage) });
      return seen;
    } catch (error) {
      // Compressed or deleted since the folder was listed: what compressed it has walked it.
      const isGone = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!isGone) deps.onProblem(`Cannot check ${file}: ${codeOf(error)}`);
      return null;
    }
  }

  function found(place: LogDamage): void {
    const { file, seq, offset } = place;
    if (named.has(file) || damage.length === MAX_NAMED) return;
    named.add(file);
    damage.push(place);
    deps.onChange();
    if (known.has(file)) return;
    log.note('log_recovered', { file, reason: 'damaged', last_seq: Math.max(0, seq - 1), offset });
    // Nothing is to follow damage in its own segment.
    if (file === segmentName(basename(logPath), log.status().segment)) log.rotate();
  }

  return {
    current: () => ({ state, segments, damage }),
    async walk(file) {
      await inspect(file);
    },
    async walkAll() {
      let newer: {
        readonly number: number;
        readonly file: string;
        readonly first: ChainPoint;
      } | null = null;
      for (const { number, file } of listSegments(dir, basename(logPath))) {
        if (number > recovered.position.segment) continue;
        const seen = await inspect(file);
        segments += 1;
        const isWhole = seen !== null && seen.damage === null;
        if (isWhole && newer !== null && newer.number === number + 1) {
          const isLinked = newer.first.seq === seen.last.seq && newer.first.prev === seen.last.prev;
          if (!isLinked) found({ file: newer.file, seq: seen.last.seq + 1, offset: 0 });
        }
        const first = seen?.first ?? null;
        newer = first === null ? null : { number, file, first };
        deps.onChange();
      }
      state = 'done';
      deps.onChange();
    },
  };
}

function placeOf({ seq, offset }: ChainDamage): { seq: number; offset: number } {
  return { seq, offset };
}
