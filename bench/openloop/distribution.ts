// A distribution of times, to three digits in fixed memory.

import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64 } from 'hdr-histogram-js';

/** Names and their numbers, as a scenario reports them. */
export type Numbers = Record<string, number>;

/** As it goes from one process to another. */
export type Encoded = { readonly histogram: string; readonly maxMs: number };

/** Ten minutes: no measurement waits as long. What is longer counts as that. */
const MAX_MICROS = 600_000_000;

/** Times in milliseconds; kept in whole microseconds. */
export class Distribution {
  readonly #histogram = build({
    bitBucketSize: 32,
    lowestDiscernibleValue: 1,
    highestTrackableValue: MAX_MICROS,
    numberOfSignificantValueDigits: 3,
    autoResize: false,
  });
  #maxMs = 0;

  add(ms: number): void {
    const micros = Math.min(Math.max(Math.round(ms * 1000), 0), MAX_MICROS);
    this.#histogram.recordValue(micros);
    this.#maxMs = Math.max(this.#maxMs, micros / 1000);
  }

  /** What another process has seen. */
  merge({ histogram, maxMs }: Encoded): void {
    this.#histogram.add(decodeFromCompressedBase64(histogram));
    this.#maxMs = Math.max(this.#maxMs, maxMs);
  }

  encode(): Encoded {
    return { histogram: encodeIntoCompressedBase64(this.#histogram), maxMs: this.#maxMs };
  }

  get count(): number {
    return this.#histogram.totalCount;
  }

  get maxMs(): number {
    return this.#maxMs;
  }

  /** The time that `percent` of all were at most. */
  atMs(percent: number): number {
    return this.#histogram.getValueAtPercentile(percent) / 1000;
  }

  /** `p50Ms`, `p90Ms`, `p99Ms`, `p999Ms`, `maxMs`. */
  numbers(): Numbers {
    return {
      p50Ms: this.atMs(50),
      p90Ms: this.atMs(90),
      p99Ms: this.atMs(99),
      p999Ms: this.atMs(99.9),
      maxMs: this.#maxMs,
    };
  }
}
