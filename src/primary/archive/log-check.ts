// What a start leaves for later, so that agents do not wait for it: the chain of all segments from
// their first record on, and the flows that the last run left open, which get their last record.
// Both read whole files, in a thread.

import { basename, dirname, join } from 'node:path';
import type { LogCheck } from '../../shared/status.ts';
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
export async function settleFlows(deps: LogCheckDeps): Promise<void> {
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

/** Walks all segments, the newest first; gives what it knows so far, at any time. */
export function startLogCheck(deps: LogCheckDeps): { current(): LogCheck } {
  let state: LogCheck['state'] = 'running';
  let segments = 0;
  const damage: LogCheck['damage'][number][] = [];

  async function run(): Promise<void> {
    const { logPath, log, pool, recovered } = deps;
    const dir = dirname(logPath);
    const known = new Set(recovered.findings.map(({ file }) => file));
    let newer: { number: number; file: string; seen: Inspection } | null = null;
    for (const { number, file } of listSegments(dir, basename(logPath))) {
      if (number > recovered.position.segment) continue;
      const seen = await pool.inspect(join(dir, file)).catch((error: Error) => error);
      // Compressed or deleted since the folder was listed: what compressed it has walked it.
      if (seen instanceof Error && 'code' in seen && seen.code === 'ENOENT') continue;
      const place = seen instanceof Error ? { seq: 0, offset: 0 } : seen.damage;
      segments += 1;
      if (place !== null) found(file, number, place);
      if (newer !== null && newer.number === number + 1 && !(seen instanceof Error)) {
        const { first } = newer.seen;
        const isLinked = first?.seq === seen.last.seq && first.prev === seen.last.prev;
        if (!isLinked && place === null)
          found(newer.file, newer.number, { seq: seen.last.seq + 1, offset: 0 });
      }
      newer = seen instanceof Error || seen.first === null ? null : { number, file, seen };
      deps.onChange();
    }
    function found(file: string, number: number, place: { seq: number; offset: number }): void {
      const { seq, offset } = place;
      if (damage.length < MAX_NAMED) damage.push({ file, seq, offset });
      if (known.has(file)) return;
      known.add(file);
      log.note('log_recovered', {
        file,
        reason: 'damaged',
        last_seq: Math.max(0, seq - 1),
        offset,
      });
      if (number === log.status().segment) log.rotate();
    }
  }

  void run()
    .catch((error: Error) => deps.onProblem(`Cannot check the log: ${error.message}`))
    .then(() => {
      state = 'done';
      deps.onChange();
    });
  return { current: () => ({ state, segments, damage }) };
}
