// Rows over time, by class: the bars above the list. Buckets have a width that a person can read.

import { parseTime, type Query } from '../../shared/query.ts';
import { FLAG_VALUES, fromFlags, type SegmentIndex } from '../index/segment-index.ts';
import type { Row, RowClass } from '../store/row.ts';
import { countRows, type IndexTally, type Reach, type Tally } from './count-rows.ts';
import type { Searcher } from './searcher.ts';

export type HistogramBucket = { ts: number; counts: Partial<Record<RowClass, number>> };

export type Histogram = Reach & {
  /** Seconds since 1970: the beginning of the first bucket and the end of the last one. */
  from: number;
  to: number;
  bucket_s: number;
  /** Oldest first; one without rows has no counts. */
  buckets: HistogramBucket[];
};

/** Seconds: 1-2-5 below a minute, then parts of an hour, a day, a week. */
const WIDTHS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900,
  1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
];

/** At most `buckets` of them, over what the query's times leave of the log. */
export async function readHistogram(
  searcher: Searcher,
  query: Query,
  buckets: number,
  signal?: AbortSignal,
): Promise<Histogram> {
  const range = rangeOf(query, searcher.nowS, await searcher.extent());
  const tally = new TimeTally(range.from, range.to, buckets);
  const reach = await countRows(searcher, query, tally, signal);
  return { ...tally.result(), ...reach };
}

type Range = { readonly from: number; readonly to: number };

function rangeOf(query: Query, nowS: number, extent: Range): Range {
  let { from, to } = extent;
  for (const { field, values, negated } of query.terms) {
    if (negated || values.length !== 1) continue;
    const at = parseTime(values[0] ?? '', nowS) ?? 0;
    if (field === 'since') from = Math.max(from, at);
    if (field === 'until') to = Math.min(to, at);
  }
  return { from, to: Math.max(from, to) };
}

/** Counts by bucket and class. */
class TimeTally implements Tally {
  readonly #from: number;
  readonly #width: number;
  readonly #counts: Map<RowClass, number>[];

  constructor(from: number, to: number, most: number) {
    const isFitting = (width: number) => {
      const first = Math.floor(from / width);
      return Math.floor(to / width) - first < most;
    };
    // Weeks upon weeks: as many as it takes.
    const weeks = Math.ceil((to - from) / 604_800 / Math.max(1, most - 1)) * 604_800;
    this.#width = WIDTHS.find(isFitting) ?? Math.max(604_800, to - from < 1 ? 1 : weeks);
    this.#from = Math.floor(from / this.#width) * this.#width;
    const count = Math.min(most, Math.floor((to - this.#from) / this.#width) + 1);
    this.#counts = Array.from({ length: count }, () => new Map());
  }

  add({ ts, class: name }: Row): void {
    this.#count(this.#bucketOf(ts), name, 1);
  }

  async of(index: SegmentIndex): Promise<IndexTally> {
    const times = await index.numbers('ts');
    const flags = await index.numbers('flags');
    const counts = new Uint32Array(this.#counts.length * FLAG_VALUES);
    return {
      add: (rows) => {
        for (const row of rows) {
          const at = this.#bucketOf(times[row] ?? 0) * FLAG_VALUES + (flags[row] ?? 0);
          counts[at] = (counts[at] ?? 0) + 1;
        }
      },
      end: () => {
        for (const [at, count] of counts.entries()) {
          const { name } = fromFlags(at % FLAG_VALUES);
          if (count > 0) this.#count(Math.floor(at / FLAG_VALUES), name, count);
        }
      },
    };
  }

  #count(bucket: number, name: RowClass, rows: number): void {
    const counts = this.#counts[bucket];
    counts?.set(name, (counts.get(name) ?? 0) + rows);
  }

  /** What is outside of the range by a clock that was set is in the first or the last bucket. */
  #bucketOf(ts: number): number {
    const place = Math.floor((ts - this.#from) / this.#width);
    return Math.max(0, Math.min(this.#counts.length - 1, place));
  }

  result(): Omit<Histogram, keyof Reach> {
    const round = (seconds: number) => Math.round(seconds * 1000) / 1000;
    return {
      from: round(this.#from),
      to: round(this.#from + this.#counts.length * this.#width),
      bucket_s: this.#width,
      buckets: this.#counts.map((counts, n) => ({
        ts: round(this.#from + n * this.#width),
        counts: Object.fromEntries(counts),
      })),
    };
  }
}
