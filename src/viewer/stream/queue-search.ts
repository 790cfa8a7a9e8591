// What a search has to add to the rows that come by themselves: those that were missed, and those of which
// other records decide. Knows no connection.

import type { LogQuery } from '../store/log-params.ts';
import type { Finder } from '../store/page.ts';
import type { NewsQueue } from './news-queue.ts';

/** What came between the page's last answer and now. */
export async function catchUp(
  queue: NewsQueue,
  query: LogQuery,
  search: Finder,
  newest: string,
): Promise<void> {
  if (query.after === null) return queue.putInFront([], newest || null);
  const page = await search.find(query);
  if (page.more) return queue.markGap();
  queue.putInFront(page.rows, page.newest ?? (newest || null));
}

/** Looks up what other records decide. What comes meanwhile may need the same. */
export async function settle(queue: NewsQueue, query: LogQuery, search: Finder): Promise<void> {
  for (let from = queue.unsettled; from !== null; from = queue.unsettled) {
    const page = await search.find({ ...query, after: from });
    if (page.more) return queue.markGap();
    queue.settle(page.rows, page.newest);
  }
}
