// Which lines of the log answer a query. Pure: lines go in, newest first, rows come out.
// Knows nothing of files, time limits or HTTP.

import { type AuditRecord, endsFlow, opensFlow } from '../../shared/audit-event.ts';
import { parseLine } from '../../shared/audit-line.ts';
import type { Query } from '../../shared/query.ts';
import { isRowEvent, type Row, toRow } from './row.ts';
import { compileQuery, type RowPredicate } from './row-match.ts';

/** Ids of ended flows that one scan remembers; beyond it no flow is called running any more. */
const MAX_ENDED = 200_000;

export type Found = { readonly row: Row; readonly record: AuditRecord };

/**
 * The filter of one scan. `fromEnd`: the scan began at the newest line, so that a flow whose end
 * was not seen has none. Give it every line, newest first.
 */
export class RowFilter {
  readonly #matches: RowPredicate;
  readonly #needle: string;
  readonly #ended: Set<string> | null;
  readonly #endedElsewhere: ((id: string) => boolean)[] = [];
  #lastTs: number | null = null;

  constructor(query: Query, { fromEnd, nowS }: { fromEnd: boolean; nowS: number }) {
    this.#matches = compileQuery(query, nowS);
    this.#needle = needleOf(query);
    this.#ended = fromEnd ? new Set() : null;
  }

  /** Time of the last line seen, in seconds since 1970. */
  get lastTs(): number | null {
    return this.#lastTs;
  }

  /** Whether a record that ends this flow was seen. */
  hasEnded(id: string): boolean {
    return this.#ended?.has(id) ?? false;
  }

  /** Flows that ended in newer lines which this filter is not given. */
  skip(hasEnded: (id: string) => boolean): void {
    this.#endedElsewhere.push(hasEnded);
  }

  /** The bytes of a line and its place → its row, or null when it is none or does not match. */
  take(line: Buffer, at: string): Found | null {
    const head = parseHead(line);
    if (head !== null) {
      this.#lastTs = head.ts;
      if (!isRowEvent(head.event)) return null;
      if (head.event === 'intent' && !this.#isRunning(head.id)) return null;
      this.#remember(head.event, head.id);
    }
    // Of exchanges all that a search looks at stands in their lines as it is.
    const isExchange = head !== null && (opensFlow(head.event) || endsFlow(head.event));
    if (
      isExchange &&
      this.#needle !== '' &&
      !line.toString('latin1').toLowerCase().includes(this.#needle)
    ) {
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
    return this.#matches(row, record) ? { row, record } : null;
  }

  #isRunning(id: string): boolean {
    if (this.#ended === null || this.#ended.size >= MAX_ENDED || this.#ended.has(id)) return false;
    return !this.#endedElsewhere.some((hasEnded) => hasEnded(id));
  }

  #remember(event: string, id: string): void {
    if (!endsFlow(event)) return;
    if (this.#ended !== null && this.#ended.size < MAX_ENDED) this.#ended.add(id);
  }
}

/** A text that stands in every line that answers the query; empty = none is known. */
function needleOf(query: Query): string {
  const texts = query.terms
    .filter(({ field, negated }) => field === 'text' && !negated)
    .map(({ values }) => (values[0] ?? '').toLowerCase())
    .filter(canScanRaw);
  return texts.sort((a, b) => b.length - a.length)[0] ?? '';
}

/** Whether a text looks the same in JSON: then lines without it need no parsing. */
function canScanRaw(q: string): boolean {
  if (!/^[\x20-\x7e]*$/.test(q) || /["\\]/.test(q)) return false;
  // `name: value` of a header is searched in this form, and stands in the line in another: so does each
  // text that takes in the colon, or the space behind it.
  return !q.includes(': ') && !q.endsWith(':') && !q.startsWith(' ');
}

/** The stamp that leash puts in front of each record; other lines have none. */
const HEAD =
  /^\{"seq":\d+,"prev":"[0-9a-f]{64}","ts":([0-9.]+),"event":"([a-z_]+)","id":"([^"\\]*)"/;
const HEAD_BYTES = 260;

/** Time, event and flow by the stamp of a line, without parsing it; null where it has none. */
export function parseHead(line: Buffer): { ts: number; event: string; id: string } | null {
  const match = HEAD.exec(line.toString('latin1', 0, HEAD_BYTES));
  if (match === null) return null;
  return { ts: Number(match[1]), event: match[2] ?? '', id: match[3] ?? '' };
}
