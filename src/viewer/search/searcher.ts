// What all searches share: the log, the clocks, the indexes, and how a segment is looked through: by its
// index, and by its lines where it has none. One for all requests of a viewer.

import type { IndexKeeper } from '../index/index-keeper.ts';
import { IndexDamaged, type SegmentIndex } from '../index/segment-index.ts';
import type { LogFolder } from '../store/log-folder.ts';
import type { LogQuery } from '../store/log-params.ts';
import { MAX_SEARCH_BYTES, MAX_SEARCH_MS, type SearchDeps } from '../store/page.ts';
import type { Position } from '../store/segment-reader.ts';
import type { Turns } from '../store/turns.ts';
import type { CoreShare, Rest } from './core-share.ts';
import { HitTest } from './hit-test.ts';
import { type Indexed, indexedRows } from './index-rows.ts';
import { firstTime, lastTime } from './log-extent.ts';
import { findParts } from './read-parts.ts';
import { passOver, runningFlows } from './running-flows.ts';
import { scanBackward, scanForward } from './segment-scan.ts';
import { RowSelector, type Selection } from './select-rows.ts';
import type { Run, Step } from './steps.ts';

/** How long one request may take, and how much it may read. */
type Budget = {
  spend(bytes: number): void;
  /** So long it did nothing: that does not count. */
  extend(ms: number): void;
  isOver(): boolean;
};

type BudgetOptions = {
  readonly ms?: number;
  /** Nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined;
};

type Asked = Pick<LogQuery, 'query' | 'order' | 'after'> & {
  /** Pages go first: it waits for them between its steps. */
  readonly canWait: boolean;
  /** Requests that pass have their share of the cores: it rests between its steps. */
  readonly rest?: Rest | null;
};

type SearchLimits = { readonly ms: number; readonly bytes: number };
type SearcherOptions = {
  /** Of one request. */
  readonly limits?: SearchLimits;
  /** Of the cores, beside requests that pass; null: all that it can get. */
  readonly share?: Pick<CoreShare, 'begin'> | null;
};
const LIMITS: SearchLimits = { ms: MAX_SEARCH_MS, bytes: MAX_SEARCH_BYTES };
/** So long a request waits for the index of what was written last. */
const PATIENCE_MS = 50;

export class Searcher {
  readonly log: LogFolder;
  readonly #deps: SearchDeps;
  readonly #keeper: IndexKeeper;
  readonly #limits: SearchLimits;
  readonly #share: Pick<CoreShare, 'begin'> | null;

  constructor(
    deps: SearchDeps,
    keeper: IndexKeeper,
    { limits = LIMITS, share = null }: SearcherOptions = {},
  ) {
    this.log = deps.log;
    this.#deps = deps;
    this.#keeper = keeper;
    this.#limits = limits;
    this.#share = share;
  }

  /** Seconds since 1970. */
  get nowS(): number {
    return this.#deps.nowMs() / 1000;
  }

  get turns(): Turns {
    return this.#keeper.turns;
  }

  /**
   * Numbers of the segments that exist, oldest first; the newest is indexed up to now, if it can be.
   * `needsIndex` false: its last lines are as good.
   */
  async segments(needsIndex = true): Promise<readonly number[]> {
    const segments = await this.#keeper.sync();
    if (needsIndex) await this.#keeper.catchUp(PATIENCE_MS);
    return segments;
  }

  /** How far the indexes are. */
  async progress(): Promise<{ segments: number; indexed: number }> {
    await this.#keeper.sync();
    return this.#keeper.progress();
  }

  /** For a search beside requests that pass; null: it takes all that it can get. */
  rest(freeMs?: number): Rest | null {
    return this.#share?.begin(freeMs) ?? null;
  }

  budget({ ms = this.#limits.ms, signal }: BudgetOptions): Budget {
    const { now } = this.#deps;
    let stopAt = now() + ms;
    let left = this.#limits.bytes;
    return {
      spend(bytes) {
        left -= bytes;
      },
      extend(restMs) {
        stopAt += restMs;
      },
      isOver: () => left <= 0 || now() >= stopAt || signal?.aborted === true,
    };
  }

  /** A search that begins before a place; null: at the end of the log. */
  run({ query, order, after, canWait, rest }: Asked, before: Position | null, budget: Budget): Run {
    const isFromEnd = order === 'newest' && before === null;
    const parts = findParts(this.log, this.#keeper);
    const test = new HitTest(query, { fromEnd: isFromEnd, nowS: this.nowS, parts });
    const selector = new RowSelector(query, this.nowS);
    const isOver = () => budget.isOver();
    const pass = async () => {
      if (canWait) await this.turns.pass();
      if (rest && !budget.isOver()) budget.extend(await rest());
    };
    return { log: this.log, test, selector, order, isFromEnd, before, after, isOver, pass };
  }

  /** The rows of one segment that answer. `narrow`: only some of those that the index names. */
  async *steps(
    run: Run,
    segment: number,
    narrow?: (index: SegmentIndex, selection: Selection) => Promise<Selection>,
  ): AsyncGenerator<Step> {
    let reached: Position | null = null;
    try {
      for await (const step of this.#indexedSteps(run, segment, narrow)) {
        yield step;
        reached = step.reached;
        await run.pass();
      }
    } catch (error) {
      if (!(error instanceof IndexDamaged)) throw error;
      await this.#keeper.drop(segment);
      const isNewest = run.order === 'newest';
      const rest = {
        ...run,
        ...(reached !== null && { [isNewest ? 'before' : 'after']: reached }),
      };
      for await (const step of scan(rest, segment)) {
        yield step;
        await run.pass();
      }
    }
  }

  /** Times of the first and the last record, seconds since 1970; both now where there is none. */
  async extent(): Promise<{ from: number; to: number }> {
    const segments = await this.log.list();
    const from = await firstOf(segments, (segment) => firstTime(this.log, segment));
    const to = await firstOf(segments.toReversed(), (segment) => lastTime(this.log, segment));
    return { from: from ?? this.nowS, to: to ?? this.nowS };
  }

  async *#indexedSteps(
    run: Run,
    segment: number,
    narrow?: (index: SegmentIndex, selection: Selection) => Promise<Selection>,
  ): AsyncGenerator<Step> {
    const index = this.#keeper.get(segment);
    const source = index === null ? null : await this.log.open(segment);
    if (index === null || source === null) return yield* scan(run, segment);
    try {
      if (source.size < index.end) throw new IndexDamaged('it is of another segment');
      const isBefore = run.before?.segment === segment && run.before.offset <= index.end;
      const hasTail = source.size > index.end && !isBefore;
      const isNewest = run.order === 'newest';
      if (hasTail && isNewest) yield* scanBackward(run, segment, index.end);
      const all = await run.selector.select(index, segment, run.isOver);
      const indexed: Indexed = {
        segment,
        index,
        source,
        selection: narrow === undefined ? all : await narrow(index, all),
        running: await runningFlows(run, this.#keeper, segment, index),
      };
      yield* indexedRows(run, indexed);
      if (run.isFromEnd && this.#keeper.hasGap(segment)) await passOver(run, index);
      if (hasTail && !isNewest) yield* scanForward(run, segment, index.end);
    } finally {
      await source.close();
    }
  }
}

function scan(run: Run, segment: number): AsyncGenerator<Step> {
  return run.order === 'newest' ? scanBackward(run, segment) : scanForward(run, segment);
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
