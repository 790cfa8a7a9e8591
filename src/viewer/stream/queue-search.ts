// What a search has to add to the rows that come by themselves: those that were missed, and those of which
// other records decide. Knows no connection.

import { endsFlow } from '../../shared/audit-event.ts';
import type { LogQuery } from '../store/log-params.ts';
import type { Finder } from '../store/page.ts';
import { mayOutliveEnd } from './live-judge.ts';
import type { NewsQueue } from './news-queue.ts';

/** Rows that a page missed: more are a page of their own. */
export const MISSED_ROWS = 500;

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
  const ended = mayOutliveEnd(query.query) ? await findEnded(query, search) : [];
  if (ended === null) return queue.markGap();
  queue.putInFront(page.rows, page.newest ?? (newest || null), ended);
}

/** Flows that ended meanwhile, whose running rows the page may have; null: too many for one look. */
async function findEnded(query: LogQuery, search: Finder): Promise<string[] | null> {
  const all = await search.find({ ...query, query: { ...query.query, terms: [] } });
  if (all.more) return null;
  return all.rows.filter(({ event }) => endsFlow(event)).map(({ id }) => id);
}

/** Looks up what other records decide. What comes meanwhile may need the same. */
export async function settle(queue: NewsQueue, query: LogQuery, search: Finder): Promise<void> {
  for (let from = queue.unsettled; from !== null; from = queue.unsettled) {
    const page = await search.find({ ...query, limit: MISSED_ROWS, after: from });
    if (page.more) return queue.markGap();
    queue.settle(page.rows, page.newest);
  }
}
