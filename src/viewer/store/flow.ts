// One flow from the log: the record that ended it, the one that opened it, and the parts of its
// bodies, found by reading backwards from a hint for a bounded time.

import { endsFlow, type HeaderPairs, opensFlow } from '../../shared/audit-event.ts';
import { parseLine } from '../../shared/audit-line.ts';
import type { Decode } from '../decode/decoder.ts';
import {
  type Body,
  decodeBody,
  joinCapture,
  MAX_SHOWN_BYTES,
  type Part,
  toPart,
} from './capture-join.ts';
import { numeric } from './field.ts';
import type { SearchDeps } from './page.ts';
import { formatPosition, isNewer, parsePosition } from './position-text.ts';
import { redactHeaders } from './redact.ts';
import { headerPairs, type Row, toRow } from './row.ts';
import { MAX_LINE_BYTES, type Position, readLinesBackward, seekBefore } from './segment-reader.ts';
import { type MessageLine, WebSocketStore, webSocketFields } from './web-socket.ts';

export type Message = { headers: HeaderPairs; body: Body };
export type Flow = {
  row: Row;
  /** The record's other fields, as they are. */
  fields: Record<string, unknown>;
  request: Message;
  response: Message;
  /** The last WebSocket messages; empty where the row is one itself. */
  messages: readonly MessageLine[];
  /** There are more of them, before these. */
  more_messages: boolean;
  /** Number and time of the record that opened the flow. */
  opened: { seq: number | null; ts: number } | null;
  /** False: the search ended before everything was found. */
  complete: boolean;
  redacted: boolean;
};

export type FlowAsk = {
  readonly id: string;
  /** Where the row stands (`segment:offset`), or the number of its record: saves a long search. */
  readonly at?: string;
  readonly seq?: number;
  readonly redact: boolean;
};

/** `decode`: for bodies that the record has as they were on the wire. */
export type FlowDeps = SearchDeps & { readonly decode: Decode };

type Fields = Record<string, unknown>;
/** `from` absent: the end of the log. `isRunning`: the row asked for opened a flow. */
type Start = {
  readonly at: Position | null;
  readonly from: Position | undefined;
  readonly isRunning: boolean;
};
type Main = { readonly record: Fields; readonly place: Position };

/** A flow of minutes may lie far back in a busy log; a person waits two seconds for one click. */
const MAX_MS = 2000;
const MAX_BYTES = 512 * 1024 * 1024;
/** The opening record is older than the end by the flow's duration; clocks may be set meanwhile. */
const SLACK_S = 60;

/** The flow, or null when its record was not found. */
export async function readFlow(deps: FlowDeps, ask: FlowAsk): Promise<Flow | null> {
  const limits = { stopAt: deps.now() + MAX_MS, bytes: MAX_BYTES };
  const at = ask.at === undefined ? null : parsePosition(ask.at);
  const start = await startOf(deps, ask, at);
  const parts = new PartStore();
  const socket = new WebSocketStore();
  let main: Main | null = null;
  let opening: Fields | null = null;
  for await (const { record, place } of records(deps, ask, start.from, limits)) {
    const isOurs = record.id === ask.id;
    if (isOurs && record.event === 'part') parts.add(record);
    if (main === null && isWanted(record, place, ask, start)) main = { record, place };
    if (isOurs && record.event === 'websocket') {
      socket.add(record, formatPosition(place), main?.record ?? null);
    }
    if (isOurs && opensFlow(record.event)) opening = record;
    if (main === null) continue;
    if (opening !== null || standsAlone(main) || isBefore(record, main.record)) break;
  }
  return main === null ? null : toFlow(deps, ask, { main, opening, parts, socket });
}

/** The flow as its last record alone tells it: all of it, where no body was written in parts. */
export function flowOfRecord(
  deps: FlowDeps,
  main: { readonly record: Record<string, unknown>; readonly place: Position },
  redact: boolean,
): Promise<Flow | null> {
  const found = { main, opening: null, parts: new PartStore(), socket: new WebSocketStore() };
  return toFlow(deps, { id: '', redact }, found);
}

/** Where to begin; a row that is still running may have its end further on, so that is the end. */
async function startOf(deps: SearchDeps, ask: FlowAsk, at: Position | null): Promise<Start> {
  if (at === null) {
    const from =
      ask.seq === undefined ? undefined : await seekBefore(deps.log, { seq: ask.seq + 1 });
    return { at, from, isRunning: false };
  }
  const from = { segment: at.segment, offset: at.offset + MAX_LINE_BYTES };
  for await (const { record, place } of records(deps, { ...ask, id: '-' }, from, null)) {
    if (isNewer(place, at)) continue;
    if (isNewer(at, place) || !opensFlow(record.event)) break;
    return { at, from: undefined, isRunning: true };
  }
  return { at, from, isRunning: false };
}

/** Records that may belong to the flow: lines without its id are not parsed. */
async function* records(
  deps: SearchDeps,
  ask: FlowAsk,
  from: Position | undefined,
  limits: { stopAt: number; bytes: number } | null,
): AsyncGenerator<{ record: Fields; place: Position }> {
  const needle = ask.id === '-' ? '' : JSON.stringify(ask.id);
  let bytes = 0;
  for await (const batch of readLinesBackward(deps.log, from)) {
    for (const [index, line] of batch.lines.entries()) {
      bytes += line.end - line.start;
      if (line.bytes === null) continue;
      // The last line of a block is always looked at: its time says how far back we are.
      const isLast = index === batch.lines.length - 1;
      if (!isLast && !line.bytes.includes(needle)) continue;
      const record = parseLine(line.bytes.toString());
      const place = { segment: line.segment, offset: line.start };
      if (record !== null) yield { record, place };
    }
    if (limits !== null && (bytes >= limits.bytes || deps.now() >= limits.stopAt)) return;
  }
}

function isWanted(record: Fields, place: Position, ask: FlowAsk, start: Start): boolean {
  const { at } = start;
  const isRow = toRow(record, '') !== null;
  const isHere = at !== null && !isNewer(place, at) && !isNewer(at, place);
  if (ask.id === '-') return isHere || (ask.seq !== undefined && record.seq === ask.seq);
  if (record.id !== ask.id || !isRow) return false;
  if (at !== null) return isHere || (start.isRunning && endsFlow(record.event));
  return ask.seq === undefined || record.seq === ask.seq;
}

/** Records that nothing opened: they are all there is of their flow. */
function standsAlone({ record, place }: Main): boolean {
  // The original wrote one line for each request.
  if (place.segment === 0 || record.event === 'blocked') return true;
  return !endsFlow(record.event) && !opensFlow(record.event) && record.event !== 'websocket';
}

function isBefore(record: Fields, main: Fields): boolean {
  const duration = typeof main.duration_ms === 'number' ? main.duration_ms / 1000 : 0;
  return Number(record.ts) < Number(main.ts) - duration - SLACK_S;
}

type Found = {
  readonly main: Main;
  readonly opening: Fields | null;
  readonly parts: PartStore;
  readonly socket: WebSocketStore;
};

async function toFlow(deps: FlowDeps, ask: FlowAsk, found: Found): Promise<Flow | null> {
  const { main, opening, socket } = found;
  const { record } = main;
  const isMessage = record.event === 'websocket';
  const parts = isMessage ? socket.partsOf(record) : found.parts;
  const row = toRow(record, formatPosition(main.place));
  if (row === null) return null;
  return {
    row,
    fields: otherFields(record, ask.redact),
    request: await message(deps, record, 'req', parts.req, ask.redact),
    response: await message(deps, record, 'res', parts.res, ask.redact),
    messages: isMessage ? [] : socket.lines,
    more_messages: !isMessage && socket.hasMore,
    opened: opening && { seq: numeric(opening.seq), ts: numeric(opening.ts) ?? 0 },
    complete: opening !== null || standsAlone(main) || record.event === 'error',
    redacted: ask.redact,
  };
}

async function message(
  deps: FlowDeps,
  record: Fields,
  side: 'req' | 'res',
  parts: readonly Part[],
  redact: boolean,
): Promise<Message> {
  const headers = headerPairs(record[`${side}_headers`]);
  const isMessage = record.event === 'websocket';
  const fields = isMessage ? webSocketFields(record, side) : record;
  const codings = headers.filter(([name]) => name.toLowerCase() === 'content-encoding');
  return {
    headers: redact ? redactHeaders(headers) : headers,
    body: await decodeBody(
      joinCapture(fields, side, parts),
      codings.map(([, value]) => value).join(','),
      deps.decode,
    ),
  };
}

/** The pieces of a flow's bodies; bounded, whatever a log claims to hold. */
class PartStore {
  readonly req: Part[] = [];
  readonly res: Part[] = [];
  #bytes = 0;

  add(record: Fields): void {
    const part = toPart(record);
    if (part === null || this.#bytes > 4 * MAX_SHOWN_BYTES) return;
    this.#bytes += part.bytes.length;
    if (record.dir === 'req') this.req.push(part);
    else if (record.dir === 'res') this.res.push(part);
  }
}

const SHOWN_APART = /^(req|res)_(headers|body)$|^body$/;

const TRAILERS = /^(req|res)_trailers$/;

function otherFields(record: Fields, redact: boolean): Fields {
  const others = Object.entries(record).filter(([name]) => !SHOWN_APART.test(name));
  return Object.fromEntries(
    others.map(([name, value]) => [
      name,
      redact && TRAILERS.test(name) ? redactHeaders(headerPairs(value)) : value,
    ]),
  );
}
