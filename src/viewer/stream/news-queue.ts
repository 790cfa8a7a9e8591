// What waits to be sent to one page that follows the log: the rows that answer its query, bounded.
// Pure: knows no connection and no clock.
//
// Invariant: what does not fit is never left out silently: the page is told of a gap.

import { endsFlow } from '../../shared/audit-event.ts';
import type { TailNews } from '../store/log-tail.ts';
import { isNewer, parsePosition } from '../store/position-text.ts';
import type { Row } from '../store/row.ts';
import type { Position } from '../store/segment-reader.ts';
import type { Judge } from './live-judge.ts';

/** Rows of one event: some 100 kB, so that a page draws while it reads. */
export const MAX_EVENT_ROWS = 200;
/** Rows and ended flows that wait for a slow page. Beyond it the page asks for the list anew. */
export const MAX_WAITING = 1000;

/** `ended`: flows whose end is no row of this query, so that their running row goes all the same. */
export type RowsEvent = { readonly rows: Row[]; readonly ended: string[]; readonly newest: string };
type StreamEvent =
  | { readonly event: 'rows'; readonly data: RowsEvent }
  | { readonly event: 'gap'; readonly data: { readonly newest: string } };

export class NewsQueue {
  readonly #judge: Judge;
  /** Oldest first. */
  #rows: Row[] = [];
  /** Of these a search has to tell whether they answer. Oldest first. */
  #open: Row[] = [];
  #ended: string[] = [];
  #newest: string;
  /** What stands up to here was found by a search, whoever tells of it later. */
  #searched: Position | null = null;
  #gap = false;
  #isFresh = false;

  constructor(judge: Judge, newest: string) {
    this.#judge = judge;
    this.#newest = newest;
  }

  push({ rows, newest, lost }: TailNews): void {
    this.#advance(newest);
    if (lost) this.#beginAnew(newest);
    if (this.#gap) return;
    for (const each of rows) {
      const { row } = each;
      const answer = isLater(row.at, this.#searched) && this.#judge(each);
      if (answer === 'elsewhere') this.#open.push(row);
      else if (answer) this.#rows.push(row);
      else if (endsFlow(row.event)) this.#ended.push(row.id);
      else continue;
      this.#isFresh ||= answer !== 'elsewhere';
      if (this.#isFull()) {
        this.#overflow();
        return;
      }
    }
  }

  /** What has to be searched, from here on, before anything is taken; null: nothing. */
  get unsettled(): Position | null {
    const [open] = this.#open;
    const [row] = this.#rows;
    if (open === undefined) return null;
    const places = [open, ...(row === undefined ? [] : [row])].flatMap(
      ({ at }) => parsePosition(at) ?? [],
    );
    const [first] = places.sort((a, b) => (isNewer(a, b) ? 1 : -1));
    // A search gives what is behind a place: that row is to be among it.
    return first === undefined ? null : { ...first, offset: first.offset - 1 };
  }

  /** A search from `unsettled` on found these, newest first, up to `newest`. */
  settle(rows: readonly Row[], newest: string | null): void {
    const openBefore = this.#open.length;
    const wasFresh = this.#isFresh;
    this.putInFront(rows, newest);
    this.#isFresh = !this.#gap && (wasFresh || this.#rows.length + this.#ended.length > 0);
    // It did not get to the first of them: it never will.
    if (this.#open.length === openBefore) this.#overflow();
  }

  /**
   * A search found these, newest first, up to `newest`: they go ahead of what waits, each once. `ended`:
   * flows that ended by then.
   */
  putInFront(rows: readonly Row[], newest: string | null, ended: readonly string[] = []): void {
    const place = newest === null ? null : parsePosition(newest);
    if (newest !== null) this.#advance(newest);
    if (place !== null && (this.#searched === null || isNewer(place, this.#searched))) {
      this.#searched = place;
    }
    const isLeft = ({ at }: Row) => isLater(at, place);
    const found = new Set(rows.map(({ at }) => at));
    for (const row of this.#open) {
      if (!isLeft(row) && !found.has(row.at) && endsFlow(row.event)) this.#ended.push(row.id);
    }
    this.#open = this.#open.filter(isLeft);
    this.#rows = [...[...rows].reverse(), ...this.#rows.filter(isLeft)];
    this.#ended.push(...ended);
    this.#isFresh = true;
    if (this.#isFull()) this.#overflow();
  }

  /** The page has to ask for the list anew. */
  markGap(): void {
    this.#overflow();
  }

  /** What is to be sent next, or null. */
  take(): StreamEvent | null {
    if (this.#gap) {
      this.#gap = false;
      return { event: 'gap', data: { newest: this.#newest } };
    }
    if (!this.#isFresh) return null;
    const rows = this.#rows.splice(0, MAX_EVENT_ROWS).reverse();
    this.#isFresh = this.#rows.length > 0;
    // Of a flow that ended, the running row may still wait here: it must not come behind its end.
    const ended = this.#isFresh ? [] : this.#ended;
    if (!this.#isFresh) this.#ended = [];
    // Whoever comes back with this place gets what still waits here.
    const newest = this.#isFresh ? (rows[0]?.at ?? this.#newest) : this.#newest;
    return { event: 'rows', data: { rows, ended, newest } };
  }

  /** What was lost may be the log itself: places of another one say nothing here. */
  #beginAnew(newest: string): void {
    this.#searched = null;
    this.#newest = newest;
    this.#overflow();
  }

  /** A search may be ahead of what comes by itself. */
  #advance(newest: string): void {
    if (isLater(newest, parsePosition(this.#newest))) this.#newest = newest;
  }

  #isFull(): boolean {
    return this.#rows.length + this.#open.length + this.#ended.length > MAX_WAITING;
  }

  #overflow(): void {
    this.#gap = true;
    this.#isFresh = false;
    this.#rows = [];
    this.#open = [];
    this.#ended = [];
  }
}

function isLater(at: string, place: ReturnType<typeof parsePosition>): boolean {
  const own = parsePosition(at);
  return place === null || own === null || isNewer(own, place);
}
