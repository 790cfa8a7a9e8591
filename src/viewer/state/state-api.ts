// `GET /api/state`: how leash and its record are, in one answer: what the status file says, what is left
// of the disk, and the last checkpoint. Changes nothing. Where access is decided: `guard.ts`.

import { dirname } from 'node:path';
import { Hono } from 'hono';
import type { PolicyProblem, WorkerStatus } from '../../shared/status.ts';
import type { GuardDeps } from '../access/guard.ts';
import { readStatus } from '../status.ts';
import type { ViewerEnv } from '../viewer-env.ts';
import { growthPerDay, listSegmentFiles, type Room, readRoom } from './disk.ts';
import { type LastCheckpoint, readLastCheckpoint } from './last-checkpoint.ts';

export type State = {
  /** Why leash is not ready; empty = ready. */
  problems: readonly string[];
  /** False: what follows is what it said last. */
  alive: boolean;
  versions: { leash: string; node: string };
  /** Milliseconds since 1970; null: it has never started here. */
  started_at: number | null;
  uptime_s: number | null;
  workers: readonly WorkerStatus[];
  /** Connections and exchanges under way; null: unknown. */
  open_flows: number | null;
  policy: { version: number; mode: string } | null;
  policy_problems: readonly PolicyProblem[];
  record: {
    /** `relaxed`, `accepted` or `durable`. */
    audit: string;
    healthy: boolean;
    problem: string;
    segment: number;
    seq: number;
    checkpoint: LastCheckpoint | null;
    check: { state: string; segments: number; damaged: number; at: number | null } | null;
  };
  /** Of this start; null: unknown. */
  totals: { uninspected_bytes: number; suspended_s: number; refused: number } | null;
  disk: {
    log: Room | null;
    state: Room | null;
    growth_per_day: number | null;
    /** Until the log's disk is full, if it grows on as in the last day. */
    days_left: number | null;
  };
};

/** A page asks every few seconds; a folder of a thousand segments is not looked at for each of them. */
const DISK_MS = 10_000;

export function createStateApi(deps: GuardDeps) {
  const { config } = deps;
  let disk: Promise<State['disk']> | null = null;
  let freshUntil = Number.NEGATIVE_INFINITY;
  const readDisk = () => {
    if (disk !== null && deps.monotonicNow() < freshUntil) return disk;
    freshUntil = deps.monotonicNow() + DISK_MS;
    disk = diskOf(deps);
    return disk;
  };
  return new Hono<ViewerEnv>().get('/api/state', async (c) => {
    const { status, alive, problems } = await readStatus(config.stateDir);
    const log = status?.log;
    const totals = status?.totals;
    const flows = (status?.workers ?? []).map(({ flows: open }) => open);
    const state: State = {
      problems,
      alive,
      versions: { leash: deps.version, node: process.version },
      started_at: status?.startedAt ?? null,
      uptime_s: status && alive ? Math.max(0, (deps.now() - status.startedAt) / 1000) : null,
      workers: status?.workers ?? [],
      open_flows: flows.reduce<number | null>(
        (sum, open) => (sum === null || open === undefined ? null : sum + open),
        status === null ? null : 0,
      ),
      policy: status?.policy ? { version: status.policy.version, mode: status.policy.mode } : null,
      policy_problems: status?.problems ?? [],
      record: {
        audit: config.audit,
        healthy: log?.healthy ?? false,
        problem: log?.problem ?? '',
        segment: log?.segment ?? 0,
        seq: log?.seq ?? 0,
        checkpoint: await readLastCheckpoint(config.logPath),
        check: log
          ? {
              state: log.check.state,
              segments: log.check.segments,
              damaged: log.check.damage.length,
              at: log.check.at ?? null,
            }
          : null,
      },
      totals: totals
        ? {
            uninspected_bytes: totals.uninspectedBytes,
            suspended_s: totals.suspendedS,
            refused: totals.refused,
          }
        : null,
      disk: await readDisk(),
    };
    return c.json(state);
  });
}

async function diskOf({ config, now }: GuardDeps): Promise<State['disk']> {
  const log = await readRoom(dirname(config.logPath));
  const growth = growthPerDay(await listSegmentFiles(config.logPath), now());
  return {
    log,
    state: await readRoom(config.stateDir),
    growth_per_day: growth,
    days_left: log === null || growth === null || growth < 1 ? null : log.free_bytes / growth,
  };
}
