// The parameters of `GET /api/logs` (the original's, and new ones) → a query. Pure.

import { formatTerm, parseQuery, type Query } from '../../shared/query.ts';
import { parsePosition } from './position-text.ts';
import type { Position, SeekTarget } from './segment-reader.ts';

/** As they stand in the address. */
export type LogParams = {
  q?: string;
  client?: string;
  limit?: string;
  internet_only?: string;
  would_block?: string;
  class?: string;
  before?: string;
  after?: string;
  order?: string;
};

export type LogQuery = {
  readonly query: Query;
  readonly limit: number;
  /** Only what is older than this place, or than the record with this number, or than this time. */
  readonly before: Position | SeekTarget | null;
  /** Only what is newer than this place. */
  readonly after: Position | null;
  /** Which rows come first into a page that cannot hold all of them; a page is newest first either way. */
  readonly order: 'newest' | 'oldest';
};

/** The original's default. */
const DEFAULT_LIMIT = 100;
/** A page of rows is held in memory and sent whole: a thousand are about half a megabyte. */
const MAX_LIMIT = 1000;
/** A longer text is in no URL or header that fits a head of 16 KiB. */
const MAX_TEXT = 16 * 1024;

/** Parameters → query, or what is wrong with them. */
export function parseLogQuery(params: LogParams): LogQuery | { problem: string } {
  const text = params.q ?? '';
  if (text.length > MAX_TEXT) return { problem: `q must have at most ${MAX_TEXT} characters` };
  const query = parseQuery([text, ...termsOf(params)].join(' '));
  if ('problem' in query) return { problem: query.problem };
  const limit = params.limit === undefined ? DEFAULT_LIMIT : Number(params.limit);
  if (!Number.isInteger(limit) || limit < 1) {
    return { problem: `limit must be 1-${MAX_LIMIT}, got "${params.limit}"` };
  }
  const before = parseBefore(params.before);
  if (before === undefined) {
    return { problem: 'before must be a seq, a cursor of this API, or t and seconds since 1970' };
  }
  const after = params.after ? parsePosition(params.after) : null;
  if (params.after && after === null) return { problem: 'after must be a cursor of this API' };
  const order = params.order || 'newest';
  if (order !== 'newest' && order !== 'oldest') {
    return { problem: 'order must be newest or oldest' };
  }
  if (order === 'oldest' && before !== null) {
    return { problem: 'order must be newest where before is given' };
  }
  return { query, limit: Math.min(limit, MAX_LIMIT), before, after, order };
}

/** The original's parameters as terms of the query. */
function termsOf(params: LogParams): string[] {
  const client = (params.client ?? '').trim();
  return [
    ...(client === '' ? [] : [formatTerm('client', [client])]),
    ...(params.class ? [formatTerm('class', params.class.split(','))] : []),
    ...(isSet(params.internet_only) ? ['is:internet'] : []),
    ...(isSet(params.would_block) ? ['class:would_block'] : []),
  ];
}

/** `1`, `true`, `yes`, `on`: what forms and scripts send for yes. */
export function isSet(value: string | undefined): boolean {
  return value !== undefined && ['1', 'true', 'yes', 'on'].includes(value.toLowerCase());
}

function parseBefore(text: string | undefined): LogQuery['before'] | undefined {
  if (text === undefined || text === '') return null;
  if (/^\d{1,15}$/.test(text)) return { seq: Number(text) };
  if (/^t\d{1,11}(\.\d{1,9})?$/.test(text)) return { ts: Number(text.slice(1)) };
  return parsePosition(text) ?? undefined;
}
