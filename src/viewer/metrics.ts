// `/metrics`: what the status file says, in the text format of Prometheus. Numbers only, no names of
// hosts, clients or rules; the access rules of the record hold for it.

import { Hono } from 'hono';
import { EVENTS } from '../shared/audit-event.ts';
import type { GuardDeps } from './access/guard.ts';
import { readStatus } from './status.ts';
import type { ViewerEnv } from './viewer-env.ts';

type Metric = {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly values: readonly (readonly [labels: string, value: number])[];
};

export function createMetrics({ config }: GuardDeps) {
  return new Hono<ViewerEnv>().get('/metrics', async (c) => {
    const { status, problems } = await readStatus(config.stateDir);
    const records = status?.records ?? {};
    const metrics: Metric[] = [
      gauge('leash_up', 'Whether leash is ready to serve.', problems.length === 0 ? 1 : 0),
      {
        name: 'leash_records_total',
        type: 'counter',
        help: 'Records written since the start, by event.',
        values: EVENTS.map((event) => [`{event="${event}"}`, records[event] ?? 0]),
      },
      gauge('leash_record_seq', 'Number of the last record.', status?.log.seq ?? 0),
      gauge(
        'leash_record_writable',
        'Whether records can be written.',
        status?.log.healthy ? 1 : 0,
      ),
      gauge(
        'leash_record_damaged_segments',
        'Segments that are not as they were written.',
        status?.log.check.damage.length ?? 0,
      ),
      gauge(
        'leash_policy_version',
        'Policy in force, counted from the start.',
        status?.policy?.version ?? 0,
      ),
      gauge('leash_policy_problems', 'Mistakes in policy files.', status?.problems.length ?? 0),
      gauge(
        'leash_workers_listening',
        'Workers that take connections.',
        (status?.workers ?? []).filter((worker) => worker.listening).length,
      ),
    ];
    const text = metrics.map(formatMetric).join('');
    return c.body(text, 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  });
}

function gauge(name: string, help: string, value: number): Metric {
  return { name, type: 'gauge', help, values: [['', value]] };
}

function formatMetric({ name, type, help, values }: Metric): string {
  const lines = values.map(([labels, value]) => `${name}${labels} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}
