// Numbers that one process counts, laid out in one array by a table: counters, gauges, and histograms
// with fixed bounds. Counting is an addition to a float: no text, no object, no clock. Pure.

type Common = {
  /** As Prometheus knows it. */
  readonly name: string;
  readonly help: string;
};

/** A number that only grows, or one that is as it is; one for each value of `label`, where it has one. */
export type NumberMetric = Common & {
  readonly type: 'counter' | 'gauge';
  readonly label?: string;
  readonly of?: readonly string[];
};

export type HistogramMetric = Common & {
  readonly type: 'histogram';
  /** Upper ends of the buckets, growing; what is above the last one is counted beside them. */
  readonly bounds: readonly number[];
};

export type Metric = NumberMetric | HistogramMetric;
export type MetricTable = Readonly<Record<string, Metric>>;

/** Numbers that a metric takes: a histogram its buckets, the one above them, and the sum. */
export function slotsOf(metric: Metric): number {
  return metric.type === 'histogram' ? metric.bounds.length + 2 : (metric.of?.length ?? 1);
}

/** Numbers that a table takes. */
export function slotCount(table: MetricTable): number {
  return Object.values(table).reduce((sum, metric) => sum + slotsOf(metric), 0);
}

/** For each number of a table, whether it only grows. */
export function growingSlots(table: MetricTable): boolean[] {
  return Object.values(table).flatMap((metric) =>
    new Array<boolean>(slotsOf(metric)).fill(metric.type !== 'gauge'),
  );
}

/** A number above this is no count of ours: a petabyte, or thirty million years. */
export const MAX_COUNT = 1e15;

/** Whether it is a list of so many numbers that may have been counted. */
export function areCounts(value: unknown, count: number): value is number[] {
  return (
    Array.isArray(value) &&
    value.length === count &&
    value.every((each) => typeof each === 'number' && each >= 0 && each <= MAX_COUNT)
  );
}

export class Meter<T extends MetricTable> {
  readonly #values: Float64Array;
  readonly #at: { readonly [K in keyof T]: number };
  readonly #table: T;

  constructor(table: T) {
    this.#table = table;
    this.#values = new Float64Array(slotCount(table));
    const at: Record<string, number> = {};
    let next = 0;
    for (const [key, metric] of Object.entries(table)) {
      at[key] = next;
      next += slotsOf(metric);
    }
    this.#at = at as { readonly [K in keyof T]: number };
  }

  /** Adds `by` to a counter, or to the one of its label's values with this index. */
  add(key: keyof T, by = 1, index = 0): void {
    const slot = this.#at[key] + index;
    this.#values[slot] = (this.#values[slot] ?? 0) + by;
  }

  /** Sets a gauge. */
  set(key: keyof T, value: number): void {
    this.#values[this.#at[key]] = value;
  }

  /** Brings a counter to a sum that is known from elsewhere; it never sinks. */
  raise(key: keyof T, value: number, index = 0): void {
    const slot = this.#at[key] + index;
    if (value > (this.#values[slot] ?? 0)) this.#values[slot] = value;
  }

  /** Counts one observation of a histogram. */
  observe(key: keyof T, value: number): void {
    const metric = this.#table[key];
    if (metric?.type !== 'histogram' || !(value >= 0)) return;
    const { bounds } = metric;
    const start = this.#at[key];
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket += 1;
    const sum = start + bounds.length + 1;
    this.#values[start + bucket] = (this.#values[start + bucket] ?? 0) + 1;
    this.#values[sum] = (this.#values[sum] ?? 0) + value;
  }

  /** All numbers of now, in the order of the table. */
  read(): number[] {
    return Array.from(this.#values);
  }
}
