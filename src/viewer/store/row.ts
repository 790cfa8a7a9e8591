// One record → one row of the list, or none. Pure. Records come from disk and partly from hostile
// peers or other programs: every field is checked before it is believed.

import type { HeaderPairs } from '../../shared/audit-event.ts';
import type { QueryClass } from '../../shared/query.ts';
import { numeric, text } from './field.ts';
import { isPiece, summarizeMessage } from './web-socket.ts';

/** What a row means to the operator, whatever the record's event is called. */
export type RowClass = QueryClass;

/** A row, by the names the record uses. Bodies and headers are left to the detail. */
export type Row = {
  /** Where the record stands: `segment:offset`. Never changes, and sorts by time. */
  at: string;
  seq: number | null;
  /** False: a line of the original's file, of which nothing shows whether it was changed. */
  chained: boolean;
  /** The flow; `-` where the record names none. */
  id: string;
  ts: number;
  event: string;
  class: RowClass;
  would_block: boolean;
  client: string;
  agent: string;
  host: string;
  port: number | null;
  method: string;
  url: string;
  status: number | null;
  reason: string;
  rule: string;
  bytes: number;
  req_bytes: number;
  duration_ms: number | null;
  /** What happened, for records that are no requests. */
  summary: string;
};

/** A row of which nothing is known: others are made from it. */
export const EMPTY_ROW: Row = {
  at: '1:0',
  seq: null,
  chained: true,
  id: '',
  ts: 0,
  event: '',
  class: 'event',
  would_block: false,
  client: '',
  agent: '',
  host: '',
  port: null,
  method: '',
  url: '',
  status: null,
  reason: '',
  rule: '',
  bytes: 0,
  req_bytes: 0,
  duration_ms: null,
  summary: '',
};

type Fields = Readonly<Record<string, unknown>>;

const CLASS_OF: Readonly<Record<string, RowClass>> = {
  allowed: 'allowed',
  websocket: 'allowed',
  blocked: 'blocked',
  revoked: 'blocked',
  error: 'error',
  uninspected: 'uninspected',
  intent: 'running',
};

/** Records of the machinery: pieces of a flow, and links of the chain. */
const HIDDEN: ReadonlySet<string> = new Set([
  'part',
  'segment',
  'checkpoint',
  'connect_allowed',
  'connect_closed',
]);

/** Whether a record can be a row; asked before a line is parsed, to save the work. */
export function isRowEvent(event: string): boolean {
  return !HIDDEN.has(event);
}

/** A record and its place → its row, or null for records that are not shown. */
export function toRow(record: Fields, at: string): Row | null {
  const event = text(record.event);
  if (!isRowEvent(event) || isPiece(record)) return null;
  const kind = Object.hasOwn(CLASS_OF, event) ? CLASS_OF[event] : undefined;
  const wouldBlock = record.audit === 'would_block_in_enforce';
  const chained = isChained(at);
  const other = chained && isDamage(record) ? 'damaged' : 'event';
  return {
    at,
    seq: numeric(record.seq),
    chained,
    id: text(record.id) || '-',
    ts: numeric(record.ts) ?? 0,
    event,
    class: wouldBlock && kind === 'allowed' ? 'would_block' : (kind ?? other),
    would_block: wouldBlock,
    client: text(record.client),
    agent: text(record.agent),
    host: text(record.host),
    port: numeric(record.port),
    method: text(record.method),
    url: text(record.url),
    status: numeric(record.status),
    reason: text(record.reason),
    rule: text(record.rule),
    bytes: numeric(record.bytes) ?? 0,
    req_bytes: numeric(record.req_bytes) ?? 0,
    duration_ms: numeric(record.duration_ms),
    // In words of leash only where leash says it.
    summary:
      chained && event === 'log_recovered' ? describeFinding(record) : summarize(event, record),
  };
}

/** Whether a place is in a segment of leash's own: only segment 0 is not. */
function isChained(at: string): boolean {
  return !at.startsWith('0:');
}

const DAMAGE_REASONS: ReadonlySet<string> = new Set(['damaged', 'missing', 'gone', 'truncated']);

/** Whether it says that the record itself is damaged; a line that a crash tore off is no damage. */
export function isDamage(record: Fields): boolean {
  return record.event === 'log_recovered' && DAMAGE_REASONS.has(text(record.reason));
}

/** A header list as the record has it → pairs; also the object form of other writers. */
export function headerPairs(value: unknown): HeaderPairs {
  if (Array.isArray(value)) {
    return value.flatMap((pair: unknown) =>
      Array.isArray(pair) ? [[String(pair[0] ?? ''), String(pair[1] ?? '')] as const] : [],
    );
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).map(([name, item]) => [name, String(item)] as const);
}

/** Longest summary: one line of the list. */
const SUMMARY_CHARS = 300;
/** Stamps stand in columns of their own; hashes are for the detail. */
const SHOWN_ELSEWHERE: ReadonlySet<string> = new Set([
  'seq',
  'prev',
  'ts',
  'event',
  'id',
  'worker',
  'sha256',
  'files',
  'ca',
]);

function summarize(event: string, record: Fields): string {
  if (event === 'websocket') return summarizeMessage(record);
  if (event === 'mode_change') {
    const actor = text(record.actor);
    const by = actor === '' ? '' : ` by ${actor}`;
    return `mode changed from ${text(record.previous) || 'none'} to ${text(record.mode)}${by}`;
  }
  if (Object.hasOwn(CLASS_OF, event)) return '';
  const parts = Object.entries(record).flatMap(([name, value]) =>
    SHOWN_ELSEWHERE.has(name) ? [] : [`${name}: ${plain(value)}`],
  );
  return parts.join(', ').slice(0, SUMMARY_CHARS);
}

function describeFinding(record: Fields): string {
  const file = text(record.file) || 'a segment';
  const last = numeric(record.last_seq) ?? 0;
  if (record.reason === 'damaged') {
    return `${file} is damaged behind record ${last}, at byte ${numeric(record.offset) ?? 0}`;
  }
  if (record.reason === 'gone') return `${file} is gone; the last record known is ${last}`;
  if (record.reason === 'missing')
    return `what came before ${file} is missing, up to record ${last}`;
  if (record.reason === 'truncated') {
    return `${file} was cut off behind record ${last}: later ones were signed and are missing`;
  }
  if (record.reason !== 'torn_tail') return `${file}: ${text(record.reason)}`;
  const kept = text(record.kept);
  const where = kept === '' ? '' : `, kept in ${kept}`;
  return `${file} ended in half a record (${numeric(record.bytes) ?? 0} bytes${where})`;
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
