// WebSocket messages as the record has them: one record each, the long ones in pieces before it. What
// a list says of one, what belongs to one, and the last ones of a flow. No I/O.

import { MAX_SHOWN_BYTES, type Part, toPart } from './capture-join.ts';
import { count, numeric, text } from './field.ts';

type Fields = Readonly<Record<string, unknown>>;

/** One message of a flow, in a line. */
export type MessageLine = {
  /** Where its record stands: it can be opened as a row. */
  at: string;
  ts: number;
  direction: 'client' | 'server';
  /** What it is, and how long. */
  summary: string;
  /** The beginning of a text; empty where it is none. */
  text: string;
};

/** A page shows so many; the list has them all. */
const MAX_LINES = 200;
const TEXT_CHARS = 200;
/** Text of a message that is looked at for its beginning. */
const SHORT_CHARS = 64 * 1024;
const KINDS: Readonly<Record<number, string>> = { 8: 'close', 9: 'ping', 10: 'pong' };

/** A piece of a message whose own record follows: it is no row. */
export function isPiece(record: Fields): boolean {
  return record.event === 'websocket' && record.more === true;
}

/** A record in words: `WebSocket message sent, 12 bytes`. */
export function summarizeMessage(record: Fields): string {
  const way = record.direction === 'server' ? 'received' : 'sent';
  const size = `${count(record.bytes)} bytes`;
  if (record.messages !== undefined) {
    const isThere = [record.body, record.parts].some((copy) => copy !== undefined);
    const isLost = record.truncated !== undefined && !isThere;
    const how = isLost ? 'that are not on the record' : 'too fast for a record each';
    return `${count(record.messages)} WebSocket messages ${way} ${how}, ${size}`;
  }
  const { opcode } = record;
  const kind = typeof opcode === 'number' && Object.hasOwn(KINDS, opcode) ? KINDS[opcode] : '';
  const code = record.code === undefined ? '' : ` ${count(record.code)}`;
  const what = kind === '' ? 'message' : `${kind}${code}`;
  const reason = text(record.reason);
  return `WebSocket ${what} ${way}, ${size}${reason === '' ? '' : ` (${reason})`}`;
}

/** A message has one body: what the client said is shown as a request. */
export function webSocketFields(record: Fields, side: 'req' | 'res'): Fields {
  const isMine = (record.direction === 'server') === (side === 'res');
  if (!isMine) return {};
  return {
    [`${side}_body`]: record.body,
    [`${side}_encoding`]: record.encoding,
    [`${side}_truncated`]: record.truncated,
    [`${side}_sha256`]: record.sha256,
    [`${side}_decoded`]: record.decoded,
    [`${side}_parts`]: record.parts,
    [side === 'req' ? 'req_bytes' : 'bytes']: record.bytes,
  };
}

/** What a flow's `websocket` records give, read backwards from its end or from one of them. */
export class WebSocketStore {
  readonly #lines: MessageLine[] = [];
  readonly #pieces: Part[] = [];
  #bytes = 0;
  #hasMore = false;
  #hasFirst = false;

  /** The last messages, in order. */
  get lines(): readonly MessageLine[] {
    return this.#lines.toReversed();
  }

  /** There were more before these. */
  get hasMore(): boolean {
    return this.#hasMore;
  }

  /** The pieces of the message that was asked for, as parts of the body of its side. */
  partsOf(main: Fields): { readonly req: readonly Part[]; readonly res: readonly Part[] } {
    const isAnswer = main.direction === 'server';
    return { req: isAnswer ? [] : this.#pieces, res: isAnswer ? this.#pieces : [] };
  }

  /** `main`: the record that was asked for, once it was found. */
  add(record: Fields, at: string, main: Fields | null): void {
    if (isPiece(record)) {
      if (main?.event === 'websocket') this.#addPiece(record, main);
    } else if (this.#lines.length === MAX_LINES) {
      this.#hasMore = true;
    } else {
      this.#lines.push(toLine(record, at));
    }
  }

  /** Back to the one that begins the message; what is before that is of another. */
  #addPiece(record: Fields, main: Fields): void {
    const isOurs = record.direction === main.direction && record.opcode === main.opcode;
    if (!isOurs || this.#hasFirst || this.#bytes > MAX_SHOWN_BYTES) return;
    this.#hasFirst = count(record.offset) === 0;
    const part = toPart(record);
    if (part === null) return;
    this.#bytes += part.bytes.length;
    this.#pieces.push(part);
  }
}

function toLine(record: Fields, at: string): MessageLine {
  const body = record.encoding === undefined ? text(record.body) : '';
  return {
    at,
    ts: numeric(record.ts) ?? 0,
    direction: record.direction === 'server' ? 'server' : 'client',
    summary: summarizeMessage(record),
    text: body.slice(0, SHORT_CHARS).replace(/\s+/g, ' ').slice(0, TEXT_CHARS),
  };
}
