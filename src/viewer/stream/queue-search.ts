// What a search has to add to the rows that come by themselves: those that were missed, and those of which
// other records decide. Knows no connection.

import { endsFlow } from '../../shared/audit-event.ts';
import type { LogQuery } from '../store/log-params.ts';
import type { Finder } from '../store/page.ts';
import type { NewsQueue } from './news-queue.ts';

/** Rows of one look: more of them are a gap. */
const SETTLED_ROWS = 500;

/** What came between the page's last answer and now. */
export async function catchUp(
  queue: NewsQueue,
  query: LogQuery,
  search: Finder,
  newest: string,
): Promise<void> {
  if (query.after === null) return queue.putInFront([], newest || null);
  const page = await search.find(query);
  const all = isWhole(query) ? page : await search.find(wholeOf(query));
  if (page.more || all.more) return queue.markGap();
  const ended = all.rows.filter(({ event }) => endsFlow(event)).map(({ id }) => id);
  queue.putInFront(page.rows, page.newest ?? (newest || null), ended);
}

/** Of what ended meanwhile, the running row may be on the page, whatever the end answers to. */
function wholeOf(query: LogQuery): LogQuery {
  return { ...query, query: { ...query.query, terms: [] } };
}

function isWhole({ query }: LogQuery): boolean {
  return query.terms.length === 0;
}

/** Looks up what other records decide. What comes meanwhile may need the same. */
export async function settle(queue: NewsQueue, query: LogQuery, search: Finder): Promise<void> {
  for (let from = queue.unsettled; from !== null; from = queue.unsettled) {
    const page = await search.find({ ...query, limit: SETTLED_ROWS, after: from });
    if (page.more) return queue.markGap();
    queue.settle(page.rows, page.newest);
  }
}
