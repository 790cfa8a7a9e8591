// Whether a record that has just come answers a query, as far as the record itself tells. Pure: what stands
// in other records is looked up by whoever asks.

import type { Query } from '../../shared/query.ts';
import { partCount } from '../search/body-test.ts';
import type { TailRow } from '../store/log-tail.ts';
import { type Row, toRow } from '../store/row.ts';
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

/** What is known of a request when it begins, and the same when it ends. */
const KNOWN_EARLY: ReadonlySet<string> = new Set(
  'host port client agent url method id rule policy since until'.split(' '),
);
const RUNNING = toRow({ event: 'intent' }, '0:0') as Row;

/** Whether a request that runs may answer, while its end does not: `class:running`, `-status:200`. */
export function mayOutliveEnd(query: Query): boolean {
  const isLate = ({ field, negated }: Query['terms'][number]) =>
    !KNOWN_EARLY.has(field) && (field !== 'text' || negated);
  const late = query.terms.filter(isLate);
  return late.length > 0 && compileQuery({ ...query, terms: late }, 0)(RUNNING, {});
}
