// Whether a record that has just come answers a query, as far as the record itself tells. Pure: what stands
// in other records is looked up by whoever asks.

import type { Query } from '../../shared/query.ts';
import { partCount } from '../search/body-test.ts';
import type { TailRow } from '../store/log-tail.ts';
import { compileQuery } from '../store/row-match.ts';

/** `elsewhere`: other records hold what decides. */
export type Judge = (news: TailRow) => boolean | 'elsewhere';

/** The same answers as a search, or none. `nowS`: relative times count back from it. */
export function compileJudge(query: Query, nowS: number): Judge {
  const matches = compileQuery(query, nowS);
  const others = query.terms.filter(({ field }) => field !== 'body');
  if (others.length === query.terms.length) return ({ row, record }) => matches(row, record);
  const mayMatch = compileQuery({ ...query, terms: others }, nowS);
  return ({ row, record }) => {
    if (partCount(record) > 0) return mayMatch(row, record) && 'elsewhere';
    return matches(row, record);
  };
}
