// What waits to be sent to one page that follows the log: the rows that answer its query, bounded.
// Pure: knows no connection and no clock.
//
// Invariant: what does not fit is never left out silently: the page is told of a gap.

import { isEnd, type TailNews } from '../store/log-tail.ts';
import { isNewer, parsePosition } from '../store/position-text.ts';
import type { Row } from '../store/row.ts';
import type { RowPredicate } from '../store/row-match.ts';

/** Rows of one event: some 100 kB, so that a page draws while it reads. */
export const MAX_EVENT_ROWS = 200;
/** Rows and ended flows that wait for a slow page. Beyond it the page asks for the list anew. */
export const MAX_WAITING = 1000;

/** `ended`: flows whose end is no row of this query, so that their running row goes all the same. */
export type RowsEvent = { readonly rows: Row[]; readonly ended: string[]; readonly newest: string };
export type StreamEvent =
  | { readonly event: 'rows'; readonly data: RowsEvent }
  | { readonly event: 'gap'; readonly data: { readonly newest: string } };

export class NewsQueue {
  readonly #matches: RowPredicate;
  /** Oldest first. */
  #rows: Row[] = [];
  #ended: string[] = [];
  #newest: string;
  #gap = false;
  #isFresh = false;

  constructor(matches: RowPredicate, newest: string) {
    this.#matches = matches;
    this.#newest = newest;
  }

  push({ rows, newest, lost }: TailNews): void {
    this.#newest = newest;
    if (lost) this.#overflow();
    if (this.#gap) return;
    for (const { row, record } of rows) {
      if (this.#matches(row, record)) this.#rows.push(row);
      else if (isEnd(row)) this.#ended.push(row.id);
      else continue;
      this.#isFresh = true;
      if (this.#rows.length + this.#ended.length > MAX_WAITING) {
        this.#overflow();
        return;
      }
    }
  }

  /** A search found these, newest first, up to `newest`: they go ahead of what waits, each once. */
  putInFront(rows: readonly Row[], newest: string | null): void {
    const place = newest === null ? null : parsePosition(newest);
    const later = this.#rows.filter((row) => isLater(row.at, place));
    this.#rows = [...[...rows].reverse(), ...later];
    this.#isFresh = true;
    if (this.#rows.length > MAX_WAITING) this.#overflow();
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
    const ended = this.#ended;
    this.#ended = [];
    // Whoever comes back with this place gets what still waits here.
    const newest = this.#isFresh ? (rows[0]?.at ?? this.#newest) : this.#newest;
    return { event: 'rows', data: { rows, ended, newest } };
  }

  #overflow(): void {
    this.#gap = true;
    this.#isFresh = false;
    this.#rows = [];
    this.#ended = [];
  }
}

function isLater(at: string, place: ReturnType<typeof parsePosition>): boolean {
  const own = parsePosition(at);
  return place === null || own === null || isNewer(own, place);
}
