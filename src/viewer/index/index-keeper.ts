// Which segments have an index, and how the others get one: files of former runs are taken where they
// fit, the rest is made one after the other, newest first. Removes what belongs to no segment any more.
// An index is a convenience: whatever goes wrong here, a search reads the lines instead.

import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogFolder } from '../store/log-folder.ts';
import { Turns } from '../store/turns.ts';
import { type BuildResult, type BuildTask, buildIndex, identityOf } from './build-index.ts';
import {
  bytesInMemory,
  bytesOfFile,
  ColumnCache,
  type OpenedIndex,
  openIndex,
} from './index-file.ts';
import { LiveIndex } from './live-index.ts';
import type { SegmentIndex } from './segment-index.ts';

type KeeperDeps = {
  readonly log: LogFolder;
  readonly logPath: string;
  /** The state folder; indexes lie in a folder of it. */
  readonly stateDir: string;
  /** In a thread; absent: here, beside other work. */
  readonly build?: ((task: BuildTask) => Promise<BuildResult>) | undefined;
  /** What indexes that could not be written may take. */
  readonly maxMemoryBytes?: number;
  /** Of another process: what is there is used, and nothing is made, kept up to date or removed. */
  readonly isReadOnly?: boolean;
};

/** Where the folder cannot be written: indexes of the newest segments, and no more. */
const MAX_MEMORY_BYTES = 64 * 1024 * 1024;
/** Between two looks at a log that nobody searches. */
const IDLE_MS = 1000;
/**
 * So long after a search the newest segment's index grows with the segment. Behind that nobody looks, and
 * it would cost a tenth of what the requests themselves do; a finished segment is indexed in any case.
 */
const WATCHED_MS = 5 * 60_000;
const FILE_NAME = /^egress\.(\d{1,10})\.idx(?:\.new)?$/;

export class IndexKeeper {
  /** Of all who search by these indexes. */
  readonly turns = new Turns();
  readonly #deps: KeeperDeps;
  readonly #folder: string;
  readonly #cache = new ColumnCache();
  readonly #sealed = new Map<number, OpenedIndex>();
  /** Segments of which no index can be made; asked again at the next start. */
  readonly #failed = new Set<number>();
  /** Those of which an index was found to be wrong: a second time is not tried. */
  readonly #dropped = new Set<number>();
  readonly #timer: NodeJS.Timeout | undefined;
  #segments: readonly number[] = [];
  /** There is something to be made, though the segments are those of before. */
  #mustWork = false;
  #live: LiveIndex | null = null;
  /** The newest segment of before, until it has a file. */
  #last: LiveIndex | null = null;
  /** Bytes of those that could not be written, by segment. */
  readonly #inMemory = new Map<number, number>();
  #working: Promise<void> | null = null;
  /** When the newest segment's index stops growing, by the steady clock. */
  #watchedUntil = 0;
  #isClosed = false;

  constructor(deps: KeeperDeps) {
    this.#deps = deps;
    this.#folder = join(deps.stateDir, 'index');
    // Beside other work nothing is made before somebody searches.
    if (deps.build === undefined) return;
    this.#timer = setInterval(() => void this.#look().catch(() => {}), IDLE_MS).unref();
  }

  /** For a search: numbers of the segments that exist, oldest first; what is new is taken note of. */
  sync(): Promise<readonly number[]> {
    this.#watchedUntil = performance.now() + WATCHED_MS;
    return this.#look();
  }

  async #look(): Promise<readonly number[]> {
    const segments = await this.#deps.log.list();
    if (this.#isClosed) return segments;
    const newest = segments.at(-1);
    const isNew = this.#mustWork || segments.join() !== this.#segments.join();
    this.#mustWork = false;
    this.#segments = segments;
    if (newest !== undefined && this.#live?.segment !== newest && !this.#deps.isReadOnly) {
      this.#last?.stop();
      this.#last = this.#live;
      this.#live = new LiveIndex(this.#deps.log, newest, this.turns);
    }
    if (isNew) this.#working ??= this.#work().finally(() => this.#rested());
    if (performance.now() < this.#watchedUntil) {
      void this.#last?.catchUp().catch(() => {});
      void this.#live?.catchUp().catch(() => {});
    }
    return segments;
  }

  /** The newest segment's index, up to the end of now or for a moment. */
  async catchUp(patienceMs: number): Promise<void> {
    if (this.#live === null) return;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patienceMs);
    });
    await Promise.race([this.#live.catchUp().catch(() => {}), patience]);
    clearTimeout(timer);
  }

  /** Null: its lines have to be read. */
  get(segment: number): SegmentIndex | null {
    const live = [this.#live, this.#last].find((each) => each?.segment === segment);
    return this.#sealed.get(segment) ?? live?.index ?? null;
  }

  /** Whether the index of a segment ends before the segment does, and will not go on. */
  isPartial(segment: number): boolean {
    const live = [this.#live, this.#last].find((each) => each?.segment === segment);
    return !this.#sealed.has(segment) && live?.isFull === true;
  }

  /** Numbers of the segments behind one, oldest first. */
  newerThan(segment: number): readonly number[] {
    return this.#segments.filter((each) => each > segment);
  }

  /** Whether a segment older than this one has no index. */
  hasGap(segment: number): boolean {
    return this.#segments.some((each) => each < segment && this.get(each) === null);
  }

  /** It is not what it should be: made anew. */
  async drop(segment: number): Promise<void> {
    const index = this.#sealed.get(segment);
    if (index === undefined) {
      // In memory it can only be of a segment that is another one now.
      if (this.#live?.segment === segment) this.#live = null;
      if (this.#last?.segment === segment) this.#last = null;
      return;
    }
    this.#forget(segment, index);
    if (!this.#deps.isReadOnly) await rm(this.#pathOf(segment), { force: true }).catch(() => {});
    if (this.#dropped.has(segment)) this.#failed.add(segment);
    this.#dropped.add(segment);
    // The segments stay: a search that is under way asks which of them are newer than another.
    this.#mustWork = true;
  }

  /** Of the segments that exist. */
  progress(): { segments: number; indexed: number } {
    const indexed = this.#segments.filter((segment) => this.get(segment) !== null).length;
    return { segments: this.#segments.length, indexed };
  }

  /** Resolves when each segment has an index, or can have none. */
  async settled(): Promise<void> {
    await this.sync();
    while (this.#working !== null) await this.#working;
    await this.#live?.catchUp();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#live?.stop();
    this.#last?.stop();
    await this.#working;
    for (const [segment, index] of this.#sealed) this.#forget(segment, index);
  }

  /** One segment after the other, newest first, until there is none left. */
  async #work(): Promise<void> {
    await this.#removeForeign();
    for (let segment = this.#next(); segment !== null; segment = this.#next()) {
      // Whatever it is: the lines of this segment are read, and the next one is made.
      const isTaken = await this.#takeOrMake(segment).catch(() => false);
      if (!isTaken) this.#failed.add(segment);
      await this.turns.pass();
    }
  }

  async #takeOrMake(segment: number): Promise<boolean> {
    return (await this.#take(segment)) || (await this.#make(segment));
  }

  #next(): number | null {
    if (this.#isClosed) return null;
    const sealed = this.#segments.slice(0, -1).reverse();
    return sealed.find((each) => !this.#sealed.has(each) && !this.#failed.has(each)) ?? null;
  }

  #rested(): void {
    this.#working = null;
    if (this.#next() !== null) this.#working = this.#work().finally(() => this.#rested());
  }

  async #make(segment: number): Promise<boolean> {
    const { logPath, build = buildIndex, isReadOnly } = this.#deps;
    if (isReadOnly) return false;
    const path = this.#pathOf(segment);
    const result = await build({ logPath, segment, path }).catch(() => null);
    if (result === null || this.#isClosed) return false;
    if (result.bytes === null) return this.#take(segment);
    if (!this.#makeRoom(segment, result.bytes.length)) return false;
    const index = await openIndex(bytesInMemory(Buffer.from(result.bytes)), this.#cache);
    this.#inMemory.set(segment, result.bytes.length);
    this.#sealed.set(segment, index);
    if (this.#last?.segment === segment) this.#last = null;
    return true;
  }

  /** In memory the newer ones stay. */
  #makeRoom(segment: number, bytes: number): boolean {
    const { maxMemoryBytes = MAX_MEMORY_BYTES } = this.#deps;
    const held = [...this.#inMemory].sort(([one], [other]) => one - other);
    let total = held.reduce((sum, [, each]) => sum + each, bytes);
    for (const [oldest, each] of held) {
      if (total <= maxMemoryBytes || oldest > segment) break;
      const index = this.#sealed.get(oldest);
      if (index !== undefined) this.#forget(oldest, index);
      this.#failed.add(oldest);
      total -= each;
    }
    return total <= maxMemoryBytes;
  }

  /** The file of a segment, where there is one that fits. */
  async #take(segment: number): Promise<boolean> {
    if (this.#sealed.has(segment)) return true;
    const file = await bytesOfFile(this.#pathOf(segment));
    if (file === null) return false;
    const index = await openIndex(file, this.#cache).catch(() => null);
    const isOurs = index !== null && (await this.#fits(segment, index).catch(() => false));
    if (!isOurs || this.#isClosed) {
      await file.close();
      return false;
    }
    this.#sealed.set(segment, index);
    if (this.#last?.segment === segment) this.#last = null;
    return true;
  }

  async #fits(segment: number, index: OpenedIndex): Promise<boolean> {
    const source = await this.#deps.log.open(segment);
    if (source === null) return false;
    try {
      return source.size === index.size && (await identityOf(source)) === index.identity;
    } finally {
      await source.close();
    }
  }

  /** Files, and what is open, of segments that are gone. */
  async #removeForeign(): Promise<void> {
    const exists = new Set(this.#segments);
    for (const [segment, index] of this.#sealed) {
      if (!exists.has(segment)) this.#forget(segment, index);
    }
    for (const known of [this.#failed, this.#dropped]) {
      for (const segment of known) if (!exists.has(segment)) known.delete(segment);
    }
    if (this.#deps.isReadOnly) return;
    const names = await readdir(this.#folder).catch(() => []);
    for (const name of names) {
      const number = FILE_NAME.exec(name)?.[1];
      const isOurs = number !== undefined && !name.endsWith('.new') && exists.has(Number(number));
      if (number !== undefined && !isOurs) await rm(join(this.#folder, name)).catch(() => {});
    }
  }

  #forget(segment: number, index: OpenedIndex): void {
    this.#sealed.delete(segment);
    this.#inMemory.delete(segment);
    void index.close().catch(() => {});
  }

  #pathOf(segment: number): string {
    return join(this.#folder, `egress.${segment}.idx`);
  }
}
