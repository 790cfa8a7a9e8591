// The newest lines of the log as they come, read and parsed once for all who listen. Looks at the folder
// only while somebody does. Knows nothing of queries or HTTP.
//
// Invariant: every whole line behind the place where the tail began is told once, or a loss is told.

import { type FSWatcher, watch } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { endsFlow } from '../../shared/audit-event.ts';
import { parseLine } from '../../shared/audit-line.ts';
import { readLinesForward } from './forward-reader.ts';
import type { LogFolder } from './log-folder.ts';
import { formatPosition } from './position-text.ts';
import { isRowEvent, type Row, toRow } from './row.ts';
import { parseHead } from './row-filter.ts';
import { type LogLine, type Position, readLinesBackward } from './segment-reader.ts';

/** A record that is a row, with what the row does not hold. */
export type TailRow = { readonly row: Row; readonly record: Readonly<Record<string, unknown>> };

/** What one look at the log gave. */
export type TailNews = {
  /** Oldest first; flows that began and ended in one look have their end only. */
  readonly rows: readonly TailRow[];
  /** Place of the newest line, for `after`. */
  readonly newest: string;
  /** Something came that is not in `rows`. */
  readonly lost: boolean;
};

type LogTailDeps = {
  readonly log: LogFolder;
  /** The folder that the segments stand in. */
  readonly folder: string;
  readonly onError: (error: Error) => void;
};

/** Where the system does not tell of changes, they are seen this late. */
const POLL_MS = 250;
/** Changes are told apart by the line; looks at the log are not more frequent than this. */
const REST_MS = 100;
/** Further behind than that, whoever listens reads the log by itself. */
const MAX_BEHIND_BYTES = 32 * 1024 * 1024;

export class LogTail {
  readonly #deps: LogTailDeps;
  readonly #listeners = new Set<(news: TailNews) => void>();
  #starting: Promise<void> | null = null;
  #watcher: FSWatcher | null = null;
  #timers: NodeJS.Timeout[] = [];
  #place: Position = { segment: 0, offset: 0 };
  #newest = '';
  #isLooking = false;
  #hasChanged = false;

  constructor(deps: LogTailDeps) {
    this.#deps = deps;
  }

  /** Place of the newest line that was told; empty: none was there. */
  get newest(): string {
    return this.#newest;
  }

  /** Resolves when every line from now on will be told. Call what it gives to end it. */
  async listen(listener: (news: TailNews) => void): Promise<() => void> {
    this.#listeners.add(listener);
    this.#starting ??= this.#start();
    const stop = () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
    try {
      await this.#starting;
    } catch (error) {
      stop();
      throw error;
    }
    return stop;
  }

  async #start(): Promise<void> {
    await this.#goToEnd();
    if (this.#listeners.size === 0) return;
    this.#timers.push(setInterval(() => this.#wake(), POLL_MS));
    try {
      this.#watcher = watch(this.#deps.folder, () => this.#wake());
      // A folder that is taken away ends the watch; the clock goes on looking.
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // No folder yet, or no more watches to be had: the clock is enough.
    }
  }

  #stop(): void {
    this.#starting = null;
    this.#watcher?.close();
    this.#watcher = null;
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
  }

  /** Both at once: a look that still runs must not begin in the middle of this. */
  async #goToEnd(): Promise<void> {
    let place: Position = { segment: (await this.#deps.log.list()).at(-1) ?? 0, offset: 0 };
    let newest = '';
    for await (const { lines } of readLinesBackward(this.#deps.log)) {
      const [last] = lines;
      if (last === undefined) continue;
      place = { segment: last.segment, offset: last.end };
      newest = formatPosition({ segment: last.segment, offset: last.start });
      break;
    }
    this.#place = place;
    this.#newest = newest;
  }

  #wake(): void {
    this.#hasChanged = true;
    if (this.#isLooking || this.#listeners.size === 0) return;
    this.#isLooking = true;
    this.#lookUntilQuiet().finally(() => {
      this.#isLooking = false;
    });
  }

  async #lookUntilQuiet(): Promise<void> {
    while (this.#hasChanged && this.#listeners.size > 0) {
      this.#hasChanged = false;
      try {
        await this.#look();
      } catch (error) {
        this.#deps.onError(error instanceof Error ? error : new Error(String(error)));
      }
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
    }
  }

  async #look(): Promise<void> {
    const starting = this.#starting;
    let behind = 0;
    for await (const batch of readLinesForward(this.#deps.log, this.#place)) {
      // Whoever began to listen meanwhile, after all others had gone, began at another place.
      if (this.#starting !== starting) return;
      this.#place = batch.next;
      const last = batch.lines.at(-1);
      if (last !== undefined) this.#newest = placeOf(last);
      behind += last === undefined ? 0 : last.end - (batch.lines[0]?.start ?? 0);
      if (behind > MAX_BEHIND_BYTES) {
        await this.#goToEnd();
        this.#tell([], true);
        return;
      }
      if (last !== undefined || batch.lost) this.#tell(readRows(batch.lines), batch.lost);
      await nextTurn();
    }
  }

  #tell(rows: readonly TailRow[], lost: boolean): void {
    const news = { rows, newest: this.#newest, lost };
    for (const listener of this.#listeners) listener(news);
  }
}

/** Lines, oldest first → those that are rows. */
function readRows(lines: readonly LogLine[]): TailRow[] {
  const rows: TailRow[] = [];
  const ended = new Set<string>();
  for (const line of [...lines].reverse()) {
    const head = line.bytes === null ? null : parseHead(line.bytes);
    // Pieces of bodies are most of a log, and no rows: they are not parsed.
    if (line.bytes === null || (head !== null && !isRowEvent(head.event))) continue;
    if (head?.event === 'intent' && ended.has(head.id)) continue;
    const record = parseLine(line.bytes.toString());
    const row = record === null ? null : toRow(record, placeOf(line));
    if (record === null || row === null) continue;
    if (endsFlow(row.event)) ended.add(row.id);
    rows.push({ row, record });
  }
  return rows.reverse();
}

function placeOf({ segment, start }: LogLine): string {
  return formatPosition({ segment, offset: start });
}
