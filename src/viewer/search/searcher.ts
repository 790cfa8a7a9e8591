// What all searches share: the log, the clocks, and how a segment is looked through, by its index or
// by its lines. One for all requests of a viewer.

import type { Query } from '../../shared/query.ts';
import type { LogFolder } from '../store/log-folder.ts';
import type { LogQuery } from '../store/log-params.ts';
import { MAX_SEARCH_BYTES, MAX_SEARCH_MS, type SearchDeps } from '../store/log-search.ts';
import type { Position } from '../store/segment-reader.ts';
import { HitTest } from './hit-test.ts';
import { firstTime, lastTime } from './log-extent.ts';
import { scanForParts } from './read-parts.ts';
import { scanBackward, scanForward } from './segment-scan.ts';
import type { Run, Step } from './steps.ts';

/** How long one request may take, and how much it may read. */
export type Budget = { spend(bytes: number): void; isOver(): boolean };

type Asked = Pick<LogQuery, 'query' | 'order' | 'after'>;

export class Searcher {
  readonly log: LogFolder;
  readonly #deps: SearchDeps;

  constructor(deps: SearchDeps) {
    this.log = deps.log;
    this.#deps = deps;
  }

  /** Seconds since 1970. */
  get nowS(): number {
    return this.#deps.nowMs() / 1000;
  }

  /** Numbers of the segments that exist, oldest first. */
  segments(): Promise<number[]> {
    return this.log.list();
  }

  /** How far the indexes are. */
  async progress(): Promise<{ segments: number; indexed: number }> {
    return { segments: (await this.segments()).length, indexed: 0 };
  }

  budget(): Budget {
    const { now } = this.#deps;
    const stopAt = now() + MAX_SEARCH_MS;
    let left = MAX_SEARCH_BYTES;
    return {
      spend(bytes) {
        left -= bytes;
      },
      isOver: () => left <= 0 || now() >= stopAt,
    };
  }

  /** A search that begins before a place; null: at the end of the log. */
  run({ query, order, after }: Asked, before: Position | null, budget: Budget): Run {
    const test = this.#test(query, order === 'newest' && before === null, budget);
    return { log: this.log, test, order, before, after };
  }

  /** The rows of one segment that answer. */
  steps(run: Run, segment: number): AsyncGenerator<Step> {
    return run.order === 'newest' ? scanBackward(run, segment) : scanForward(run, segment);
  }

  /** Times of the first and the last record, seconds since 1970; both now where there is none. */
  async extent(): Promise<{ from: number; to: number }> {
    const segments = await this.log.list();
    const from = await firstOf(segments, (segment) => firstTime(this.log, segment));
    const to = await firstOf(segments.toReversed(), (segment) => lastTime(this.log, segment));
    return { from: from ?? this.nowS, to: to ?? this.nowS };
  }

  #test(query: Query, fromEnd: boolean, budget: Budget): HitTest {
    const parts = scanForParts(this.log, () => budget.isOver());
    return new HitTest(query, { fromEnd, nowS: this.nowS, parts });
  }
}

async function firstOf(
  segments: readonly number[],
  timeOf: (segment: number) => Promise<number | null>,
): Promise<number | null> {
  // A segment without one whole record is rare, and another one follows it.
  for (const segment of segments.slice(0, 3)) {
    const time = await timeOf(segment);
    if (time !== null) return time;
  }
  return null;
}
