// Finds the few members of a record that say what was asked, in the bytes of its line: headers and
// bodies are gone past, not parsed. Pure. What it finds is text of hostile peers; who reads it checks it.

import { EVENTS } from '../../shared/audit-event.ts';
import * as skip from './line-bytes.ts';

const MEMBERS = [
  'ts',
  'event',
  'id',
  'tunnel',
  'client',
  'agent',
  'host',
  'port',
  'method',
  'url',
  'audit',
  'reason',
  'upstream_ip',
  'requests',
] as const;
/** A member that can be asked for. */
export type Member = (typeof MEMBERS)[number];

const NUMBERS: ReadonlyMap<string, number> = new Map(MEMBERS.map((name, at) => [name, at]));
/** Of who asks for what: they stand side by side in what leash writes. */
const IDENTITY = ['client', 'agent', 'host', 'port', 'method', 'url'].map(
  (name) => NUMBERS.get(name) ?? 0,
);
/** Each name of a member or event is told by its length and its first bytes; the rest is compared. */
const MEMBER_OF = skip.namesByLook(MEMBERS);
const EVENT_OF = skip.namesByLook(EVENTS);

const MAX_RAW_KEY = 4096;

/** What the value of a member is. */
const ABSENT = 0;
const PLAIN = 1;
/** Text with escapes, or beyond ASCII. */
const CODED = 2;
const OTHER = 3;

/** One for many lines: what was found in the last one. */
export class LineScan {
  readonly #starts = new Int32Array(MEMBERS.length);
  readonly #ends = new Int32Array(MEMBERS.length);
  readonly #kinds = new Uint8Array(MEMBERS.length);
  #bytes: Buffer = Buffer.alloc(0);
  #isStamped = false;
  #membersAt = 0;
  #event = '';
  readonly #stamp: skip.Stamp = {
    ts: 0,
    eventStart: 0,
    eventEnd: 0,
    idStart: 0,
    idEnd: 0,
    end: 0,
  };

  /** Takes a line, without its newline, and looks at its stamp. False: it has none of leash's. */
  stamp(bytes: Buffer): boolean {
    this.#bytes = bytes;
    this.#kinds.fill(ABSENT);
    this.#isStamped = false;
    this.#membersAt = 0;
    this.#event = '';
    const stamp = this.#stamp;
    if (!skip.readStamp(bytes, stamp)) return false;
    this.#event = EVENT_OF(bytes, stamp.eventStart, stamp.eventEnd) ?? '';
    this.#membersAt = stamp.end;
    this.#isStamped = true;
    return true;
  }

  get isStamped(): boolean {
    return this.#isStamped;
  }

  /** Empty: it is none that there is. */
  get event(): string {
    return this.#isStamped ? this.#event : this.text('event');
  }

  /** Seconds since 1970. */
  get ts(): number {
    return this.#isStamped ? this.#stamp.ts : (this.number('ts') ?? 0);
  }

  get id(): string {
    if (!this.#isStamped) return this.text('id');
    return this.#bytes.toString('latin1', this.#stamp.idStart, this.#stamp.idEnd);
  }

  /**
   * Looks at the rest of that line. False: it is no JSON object, as far as one can see. In what leash
   * wrote nothing that is asked for stands behind the first copy of a body.
   */
  members(): boolean {
    const bytes = this.#bytes;
    const end = bytes.length;
    let at = this.#membersAt;
    if (at === 0) {
      at = skip.blanks(bytes, 0);
      if (bytes[at] !== skip.OPEN_BRACE) return false;
    } else if (bytes[at] === skip.CLOSE_BRACE) return true;
    else if (bytes[at] !== skip.COMMA) return false;
    at = skip.blanks(bytes, at + 1);
    if (this.#membersAt === 0 && bytes[at] === skip.CLOSE_BRACE) return true;
    while (at < end) {
      if (bytes[at] !== skip.QUOTE) return false;
      const keyStart = at + 1;
      const keyEnd = skip.string(bytes, keyStart) >> 1;
      if (this.#isStamped && skip.isCopy(bytes, keyStart, keyEnd)) return true;
      at = skip.blanks(bytes, keyEnd + 1);
      if (bytes[at] !== skip.COLON) return false;
      at = skip.blanks(bytes, at + 1);
      const start = at;
      const first = bytes[at];
      let kind = OTHER;
      if (first === skip.QUOTE) {
        const found = skip.string(bytes, at + 1);
        at = (found >> 1) + 1;
        kind = (found & 1) === 0 ? PLAIN : CODED;
      } else at = skip.value(bytes, at);
      if (at > end) return false;
      const member = MEMBER_OF(bytes, keyStart, keyEnd);
      if (member !== undefined) this.#note(member, { start, end: at, kind });
      at = skip.blanks(bytes, at);
      if (bytes[at] === skip.CLOSE_BRACE) return true;
      if (bytes[at] !== skip.COMMA) return false;
      at = skip.blanks(bytes, at + 1);
    }
    return false;
  }

  /** A member that is text; empty: there is none. `until`: its text up to this byte. */
  text(name: Member, until?: number): string {
    const member = NUMBERS.get(name) ?? 0;
    const kind = this.#kinds[member];
    if (kind !== PLAIN && kind !== CODED) return '';
    const start = (this.#starts[member] ?? 0) + 1;
    const end = (this.#ends[member] ?? 0) - 1;
    if (kind === PLAIN) {
      const cut = until === undefined ? end : skip.until(this.#bytes, until, { start, end });
      return this.#bytes.toString('latin1', start, cut);
    }
    const text = parsed(this.#bytes.toString('utf8', start - 1, end + 1));
    return until === undefined ? text : (text.split(String.fromCharCode(until), 1)[0] ?? '');
  }

  /** A member that is a number; null: there is none. */
  number(name: Member): number | null {
    const member = NUMBERS.get(name) ?? 0;
    if (this.#kinds[member] !== OTHER) return null;
    const text = this.#bytes.toString('latin1', this.#starts[member] ?? 0, this.#ends[member] ?? 0);
    return /^-?\d/.test(text) && Number.isFinite(Number(text)) ? Number(text) : null;
  }

  /** The bytes that say who asks for what, the URL up to this byte; null: they stand too far apart. */
  rawIdentity(until: number): string | null {
    let start = this.#bytes.length;
    let end = 0;
    for (const member of IDENTITY) {
      if (this.#kinds[member] === ABSENT) continue;
      start = Math.min(start, this.#starts[member] ?? 0);
      end = Math.max(end, this.#ends[member] ?? 0);
    }
    if (end - start > MAX_RAW_KEY) return null;
    const url = NUMBERS.get('url') ?? 0;
    // An escape may stand for that byte.
    if (this.#kinds[url] === PLAIN && this.#ends[url] === end) {
      end = skip.until(this.#bytes, until, { start: this.#starts[url] ?? 0, end });
    }
    return this.#bytes.toString('latin1', start, end);
  }

  #note(name: Member, value: { start: number; end: number; kind: number }): void {
    const member = NUMBERS.get(name) ?? 0;
    // As JSON.parse does: of two the last one counts.
    this.#starts[member] = value.start;
    this.#ends[member] = value.end;
    this.#kinds[member] = value.kind;
  }
}

function parsed(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return '';
  }
}
