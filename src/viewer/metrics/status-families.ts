// What the status file says, as metrics. Their names are older than the others' and stay.

import { EVENTS } from '../../shared/audit-event.ts';
import type { Mode } from '../../shared/policy-source.ts';
import type { Status } from '../../shared/status.ts';
import { type Family, gauge, gauges } from './family.ts';

const MODES: readonly Mode[] = ['enforce', 'audit', 'blocklist'];

/** `status` null: leash has never started here. */
export function statusFamilies(status: Status | null, isReady: boolean): Family[] {
  const records = status?.records ?? {};
  const damaged = status?.log.check.damage.length ?? 0;
  const workers = status?.workers ?? [];
  return [
    gauge('leash_up', 'Whether leash is ready to serve.', isReady ? 1 : 0),
    {
      name: 'leash_records_total',
      type: 'counter',
      help: 'Records written since the start, by event.',
      values: EVENTS.map((event) => ({ labels: { event }, value: records[event] ?? 0 })),
    },
    gauge('leash_record_seq', 'Number of the last record.', status?.log.seq ?? 0),
    gauge('leash_record_writable', 'Whether records can be written.', status?.log.healthy ? 1 : 0),
    gauge('leash_record_damaged_segments', 'Segments that are not as they were written.', damaged),
    gauge(
      'leash_policy_version',
      'Policy in force, counted from the start.',
      status?.policy?.version ?? 0,
    ),
    gauges(
      'leash_policy_mode',
      'Mode that is in force: 1, the others 0.',
      'mode',
      MODES.map((mode) => [mode, status?.policy?.mode === mode ? 1 : 0]),
    ),
    gauge('leash_policy_problems', 'Mistakes in policy files.', status?.problems.length ?? 0),
    gauge(
      'leash_workers_listening',
      'Workers that take connections.',
      workers.filter((worker) => worker.listening).length,
    ),
    gauge(
      'leash_workers_behind',
      'Workers that do not have the newest policy yet.',
      workers.filter((worker) => worker.policy !== (status?.policy?.version ?? 0)).length,
    ),
    gauge(
      'leash_flows_open',
      'Tunnels and requests that are under way.',
      workers.reduce((sum, worker) => sum + (worker.flows ?? 0), 0),
    ),
  ];
}
