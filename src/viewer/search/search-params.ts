// The parameters of `GET /api/histogram` and `GET /api/facets` → what is asked. Pure.

import type { Query } from '../../shared/query.ts';
import { type LogParams, parseLogQuery } from '../store/log-params.ts';
import { FACET_FIELDS, type FacetAsk, type FacetField } from './facets.ts';

/** As they stand in the address; the original's ways to filter hold here too. */
type CountParams = Omit<LogParams, 'limit' | 'before' | 'after' | 'order'> & {
  since?: string;
  until?: string;
};
export type HistogramParams = CountParams & { buckets?: string };
export type FacetParams = CountParams & { fields?: string; limit?: string; prefix?: string };

const DEFAULT_BUCKETS = 60;
/** A bar a few pixels wide, across a wide screen. */
const MAX_BUCKETS = 240;
const DEFAULT_VALUES = 10;
const MAX_VALUES = 100;
const MAX_PREFIX = 256;

/** Parameters → query and number of buckets, or what is wrong with them. */
export function parseHistogramParams(
  params: HistogramParams,
): { query: Query; buckets: number } | { problem: string } {
  const buckets = parseCount('buckets', params.buckets, DEFAULT_BUCKETS, MAX_BUCKETS);
  if (typeof buckets !== 'number') return buckets;
  const query = parseCounted(params);
  return 'problem' in query ? query : { query, buckets };
}

/** Parameters → query and fields, or what is wrong with them. */
export function parseFacetParams(
  params: FacetParams,
): { query: Query; ask: FacetAsk } | { problem: string } {
  const limit = parseCount('limit', params.limit, DEFAULT_VALUES, MAX_VALUES);
  if (typeof limit !== 'number') return limit;
  const prefix = params.prefix ?? '';
  if (prefix.length > MAX_PREFIX) {
    return { problem: `prefix must have at most ${MAX_PREFIX} characters` };
  }
  const names = params.fields ? params.fields.split(',') : ['class', 'host', 'client', 'agent'];
  const unknown = names.find((name) => !(FACET_FIELDS as readonly string[]).includes(name));
  if (unknown !== undefined) {
    const shown = unknown.slice(0, 80);
    return { problem: `fields takes ${FACET_FIELDS.join(', ')}, not "${shown}"` };
  }
  const query = parseCounted(params);
  if ('problem' in query) return query;
  return { query, ask: { fields: [...new Set(names)] as FacetField[], limit, prefix } };
}

function parseCounted(params: CountParams): Query | { problem: string } {
  const { since, until, q = '', ...others } = params;
  const times = [since && `since:"${since}"`, until && `until:"${until}"`].filter(Boolean);
  const parsed = parseLogQuery({ ...pick(others), q: [q, ...times].join(' ') });
  return 'problem' in parsed ? parsed : parsed.query;
}

/** Without those that mean something else here. */
function pick({ client, internet_only, would_block, class: name }: LogParams): LogParams {
  return {
    ...(client !== undefined && { client }),
    ...(internet_only !== undefined && { internet_only }),
    ...(would_block !== undefined && { would_block }),
    ...(name !== undefined && { class: name }),
  };
}

function parseCount(
  name: string,
  text: string | undefined,
  usual: number,
  most: number,
): number | { problem: string } {
  const value = text === undefined ? usual : Number(text);
  const isGood = Number.isInteger(value) && value >= 1 && value <= most && text !== '';
  return isGood ? value : { problem: `${name} must be 1-${most}, got "${text?.slice(0, 80)}"` };
}
