// Which lines of the log answer a query. Pure: lines go in, newest first, rows come out.
// Knows nothing of files, time limits or HTTP.

import { parseLine } from '../../shared/audit-line.ts';
import { isInternetHost } from './internet-host.ts';
import type { LogQuery } from './log-params.ts';
import { headerPairs, isRowEvent, type Row, toRow } from './row.ts';

/** Ids of ended flows that one scan remembers; beyond it no flow is called running any more. */
const MAX_ENDED = 200_000;
/** Records of exchanges: all that a search looks at stands in their lines as it is. */
const RAW_EVENTS: ReadonlySet<string> = new Set([
  'intent',
  'allowed',
  'blocked',
  'error',
  'revoked',
  'uninspected',
]);

/**
 * The filter of one scan. `fromEnd`: the scan began at the newest line, so that a flow whose end
 * was not seen has none. Give it every line, newest first.
 */
export class RowFilter {
  readonly #query: LogQuery;
  readonly #needle: string;
  readonly #ended: Set<string> | null;
  #lastTs: number | null = null;

  constructor(query: LogQuery, fromEnd: boolean) {
    this.#query = query;
    this.#needle = canScanRaw(query.q) ? query.q : '';
    this.#ended = fromEnd ? new Set() : null;
  }

  /** Time of the last line seen, in seconds since 1970. */
  get lastTs(): number | null {
    return this.#lastTs;
  }

  /** The bytes of a line and its place → its row, or null when it is none or does not match. */
  take(line: Buffer, at: string): Row | null {
    const head = parseHead(line);
    if (head !== null) {
      this.#lastTs = head.ts;
      if (!isRowEvent(head.event)) return null;
      if (head.event === 'intent' && !this.#isRunning(head.id)) return null;
      this.#remember(head.event, head.id);
    }
    const scan = this.#needle !== '' && head !== null && RAW_EVENTS.has(head.event);
    if (scan && !line.toString('latin1').toLowerCase().includes(this.#needle)) {
      return null;
    }
    const record = parseLine(line.toString());
    if (record === null) return null;
    const row = toRow(record, at);
    if (row === null) return null;
    if (head === null) {
      this.#lastTs = row.ts;
      if (row.event === 'intent' && !this.#isRunning(row.id)) return null;
      this.#remember(row.event, row.id);
    }
    return matches(row, record, this.#query) ? row : null;
  }

  #isRunning(id: string): boolean {
    return this.#ended !== null && this.#ended.size < MAX_ENDED && !this.#ended.has(id);
  }

  #remember(event: string, id: string): void {
    if (!RAW_EVENTS.has(event) || event === 'intent') return;
    if (this.#ended !== null && this.#ended.size < MAX_ENDED) this.#ended.add(id);
  }
}

/** Whether a row passes all filters. The record is needed for its headers. */
export function matches(
  row: Row,
  record: Readonly<Record<string, unknown>>,
  query: LogQuery,
): boolean {
  if (query.client !== '' && row.client !== query.client && row.agent !== query.client)
    return false;
  if (query.wouldBlock && !row.would_block) return false;
  if (query.classes !== null && !query.classes.has(row.class)) return false;
  if (query.internetOnly && row.host !== '' && !isInternetHost(row.host)) return false;
  return query.q === '' || hasText(row, record, query.q);
}

function hasText(row: Row, record: Readonly<Record<string, unknown>>, q: string): boolean {
  const fields = [
    row.url,
    row.host,
    row.client,
    row.agent,
    row.method,
    String(row.status ?? ''),
    row.reason,
    row.rule,
    row.event,
    row.id,
    row.summary,
  ];
  if (fields.some((field) => field.toLowerCase().includes(q))) return true;
  return [record.req_headers, record.res_headers].some((list) =>
    headerPairs(list).some(([name, value]) => `${name}: ${value}`.toLowerCase().includes(q)),
  );
}

/** Whether a text looks the same in JSON: then lines without it need no parsing. */
function canScanRaw(q: string): boolean {
  if (!/^[\x20-\x7e]*$/.test(q) || /["\\]/.test(q)) return false;
  // `name: value` of a header is searched in this form, and stands in the line in another.
  return !q.includes(': ') && !q.endsWith(':');
}

/** The stamp that leash puts in front of each record; other lines have none. */
const HEAD =
  /^\{"seq":\d+,"prev":"[0-9a-f]{64}","ts":([0-9.]+),"event":"([a-z_]+)","id":"([^"\\]*)"/;
const HEAD_BYTES = 260;

function parseHead(line: Buffer): { ts: number; event: string; id: string } | null {
  const match = HEAD.exec(line.toString('latin1', 0, HEAD_BYTES));
  if (match === null) return null;
  return { ts: Number(match[1]), event: match[2] ?? '', id: match[3] ?? '' };
}
