// One metric of an answer: a name, what it means, its values. Numbers that a process counted by a table
// become such families; prom-client writes them. The only home of prom-client.

import { AggregatorRegistry, type PrometheusContentType } from 'prom-client';
import { type Metric, type MetricTable, slotsOf } from '../../shared/meter.ts';

type Labels = Readonly<Record<string, string>>;
type Value = {
  readonly labels: Labels;
  readonly value: number;
  /** Of a histogram: the name with `_bucket`, `_sum` or `_count`. */
  readonly metricName?: string;
};

export type Family = {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly values: readonly Value[];
};

/** A gauge without a label; null: it is not known, and not shown. */
export function gauge(name: string, help: string, value: number | null): Family {
  const values = value === null ? [] : [{ labels: {}, value }];
  return { name, help, type: 'gauge', values };
}

/** A gauge with one label. */
export function gauges(
  name: string,
  help: string,
  label: string,
  entries: readonly (readonly [of: string, value: number | null])[],
): Family {
  const values = entries.flatMap(([of, value]) =>
    value === null ? [] : [{ labels: { [label]: of }, value }],
  );
  return { name, help, type: 'gauge', values };
}

/** The numbers of one process, or of several in sum, as families; `role` stands beside their labels. */
export function familiesOf(
  table: MetricTable,
  numbers: readonly number[],
  role: string,
  shared: MetricTable,
): Family[] {
  let next = 0;
  return Object.entries(table).map(([key, metric]) => {
    const slots = numbers.slice(next, next + slotsOf(metric));
    next += slots.length;
    const labels: Labels = key in shared ? { role } : {};
    const { name, help, type } = metric;
    return { name, help, type, values: valuesOf(metric, slots, labels) };
  });
}

function valuesOf(metric: Metric, slots: readonly number[], labels: Labels): Value[] {
  if (metric.type !== 'histogram') {
    const { label, of } = metric;
    if (label === undefined || of === undefined) return [{ labels, value: slots[0] ?? 0 }];
    return of.map((each, index) => ({
      labels: { ...labels, [label]: each },
      value: slots[index] ?? 0,
    }));
  }
  const { name, bounds } = metric;
  let count = 0;
  const buckets = [...bounds, Number.POSITIVE_INFINITY].map((bound, index): Value => {
    count += slots[index] ?? 0;
    const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound);
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count };
  });
  const sum = slots[bounds.length + 1] ?? 0;
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}

/** Families → the text that Prometheus reads; those of one name, from several processes, become one. */
export async function formatFamilies(
  families: readonly Family[],
): Promise<{ text: string; contentType: string }> {
  const known = families
    .filter(({ values }) => values.length > 0)
    .map((family) => ({ ...family, aggregator: 'sum' }));
  const registry = AggregatorRegistry.aggregate<PrometheusContentType>([known]);
  return { text: await registry.metrics(), contentType: registry.contentType };
}
