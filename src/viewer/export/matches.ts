// The rows that answer a query, one after the other to the end of the log: each page is a search of its
// own, so that others get their turn. Holds one page at a time.

import type { LogQuery } from '../store/log-params.ts';
import type { Finder } from '../store/page.ts';
import { parsePosition } from '../store/position-text.ts';
import type { Row } from '../store/row.ts';

/** Rows of one search. */
const PAGE_ROWS = 200;

/** Newest first; `isOver`: the client has left. */
export async function* matches(
  deps: Finder,
  query: LogQuery,
  isOver: () => boolean,
): AsyncGenerator<Row> {
  let before = query.before;
  for (;;) {
    const page = await deps.find({ ...query, before, limit: PAGE_ROWS });
    for (const row of page.rows) {
      if (isOver()) return;
      yield row;
    }
    before = page.cursor === null ? null : parsePosition(page.cursor);
    if (before === null || isOver()) return;
  }
}

/** At most `limit` items; `isCut` is true once there was one more. */
export class Limited<T> {
  readonly #source: AsyncGenerator<T>;
  readonly #limit: number;
  #isCut = false;

  constructor(source: AsyncGenerator<T>, limit: number) {
    this.#source = source;
    this.#limit = limit;
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    let count = 0;
    for await (const item of this.#source) {
      if (count === this.#limit) {
        this.#isCut = true;
        return;
      }
      count += 1;
      yield item;
    }
  }
}
