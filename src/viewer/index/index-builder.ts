// Makes the index of a segment from its lines, oldest first, and serves it from memory while it grows.
// Pure: lines come from the caller.

import { type AuditRecord, endsFlow } from '../../shared/audit-event.ts';
import { parseLine } from '../../shared/audit-line.ts';
import { headerPairs, isRowEvent, type Row, toRow } from '../store/row.ts';
import { parseHead } from '../store/row-filter.ts';
import { isTruncated } from '../store/row-match.ts';
import type { LogLine } from '../store/segment-reader.ts';
import { isPiece } from '../store/web-socket.ts';
import { Column, Dictionary, SortedColumn } from './column.ts';
import {
  BLOCK_ROWS,
  CODED,
  type Coded,
  type ColumnName,
  hashId,
  NUMERIC,
  type Numeric,
  type Open,
  PART_COLUMNS,
  type PartColumn,
  type SegmentIndex,
  toFlags,
  type Value,
} from './segment-index.ts';
import { addTrigrams, SIGNATURE_BYTES } from './trigrams.ts';

/** Beyond so many no flow of a segment is called running any more. */
const MAX_OPENS = 50_000;
/** A log with more lines that are no records is none of leash's. */
const MAX_TOO_LONG = 10_000;

export class IndexBuilder {
  readonly #segment: number;
  readonly #numbers: Readonly<Record<Numeric | PartColumn, Column>>;
  readonly #codes: Readonly<Record<Coded, Column>>;
  readonly #dictionaries: Readonly<Record<Coded, Dictionary>>;
  readonly #signatures: Uint8Array[] = [];
  readonly #opens = new Map<string, Open[]>();
  readonly #ends = new SortedColumn();
  readonly #tooLong: number[] = [];
  #rows = 0;
  #minTs = 0;
  #maxTs = 0;
  #firstTs: number | null = null;
  #lastLine = -1;
  #isDamaged = false;
  #end = 0;

  constructor(segment: number) {
    this.#segment = segment;
    this.#numbers = columns([...NUMERIC, ...PART_COLUMNS]);
    this.#codes = columns(CODED);
    this.#dictionaries = Object.fromEntries(
      CODED.map((name) => [name, new Dictionary()]),
    ) as Record<Coded, Dictionary>;
  }

  /** Where the next line begins. */
  get end(): number {
    return this.#end;
  }

  /** What it holds: rows, parts of bodies and ends of flows. */
  get entries(): number {
    return this.#rows + this.#numbers.part_id.length + this.#ends.length;
  }

  /** All lines of a stretch of the segment; `end`: where the next stretch begins. */
  add(lines: readonly LogLine[], end: number, isDamaged: boolean): void {
    for (const line of lines) this.#addLine(line);
    this.#isDamaged ||= isDamaged;
    this.#end = end;
  }

  /** The index of what was added so far; it does not change when more is. */
  snapshot(): SegmentIndex {
    const rows = this.#rows;
    const opens = [...this.#opens.values()].flat().sort((a, b) => a.offset - b.offset);
    const ends = this.#ends.length;
    const parts = this.#numbers.part_id.length;
    const isOfParts = (name: ColumnName) => (PART_COLUMNS as readonly string[]).includes(name);
    return {
      end: this.#end,
      rows,
      minTs: this.#minTs,
      maxTs: this.#maxTs,
      firstTs: this.#firstTs,
      lastLine: this.#lastLine,
      isDamaged: this.#isDamaged,
      tooLong: [...this.#tooLong],
      numbers: async (name) => {
        if (name === 'ends') return this.#ends.view(ends);
        const column = isCoded(name) ? this.#codes[name] : this.#numbers[name];
        return column.view(isOfParts(name) ? parts : rows);
      },
      values: async (name) => this.#dictionaries[name].values,
      opens: async () => opens,
      blocksWith: async (bits) => {
        return Uint8Array.from(this.signatures(), (signature) => (hasAll(signature, bits) ? 1 : 0));
      },
    };
  }

  /** One for each block of rows. */
  signatures(): readonly Uint8Array[] {
    return this.#signatures;
  }

  #addLine({ start, end, bytes }: LogLine): void {
    this.#lastLine = start;
    if (bytes === null) {
      if (this.#tooLong.length < MAX_TOO_LONG) this.#tooLong.push(start);
      return;
    }
    const place = { offset: start, length: end - start };
    const head = parseHead(bytes);
    if (head !== null) {
      this.#firstTs ??= head.ts;
      if (this.#note(head.event, head.id, place) || !isRowEvent(head.event)) return;
    }
    const record = parseLine(bytes.toString());
    if (record === null) return;
    if (isPiece(record) || (head === null && record.event === 'part')) {
      this.#addPart(String(record.id), place);
      return;
    }
    const row = toRow(record, `${this.#segment}:${start}`);
    if (row === null) return;
    if (head === null) {
      this.#firstTs ??= row.ts;
      if (this.#note(row.event, row.id, place)) return;
    }
    this.#addRow(row, record, place);
  }

  /** Whether that is all there is to know of a line. */
  #note(event: string, id: string, place: { offset: number; length: number }): boolean {
    if (event === 'intent') this.#open(id, place);
    else if (event === 'part') this.#addPart(id, place);
    else if (isRowEvent(event) && endsFlow(event)) this.#close(id);
    return event === 'intent' || event === 'part';
  }

  #addRow(row: Row, record: AuditRecord, place: { offset: number; length: number }): void {
    const policy = typeof record.policy === 'number' ? record.policy : null;
    for (const name of CODED) {
      const value: Value = name === 'policy' ? policy : row[name];
      this.#codes[name].push(this.#dictionaries[name].codeOf(value));
    }
    const numbers: Record<Numeric, number> = {
      offset: place.offset,
      length: place.length,
      ts: row.ts,
      flags: toFlags(row.class, row.would_block, isTruncated(record)),
      bytes: row.bytes,
      req_bytes: row.req_bytes,
      duration_ms: row.duration_ms ?? Number.NaN,
    };
    for (const name of NUMERIC) this.#numbers[name].push(numbers[name]);
    this.#minTs = this.#rows === 0 ? row.ts : Math.min(this.#minTs, row.ts);
    this.#maxTs = this.#rows === 0 ? row.ts : Math.max(this.#maxTs, row.ts);
    const block = Math.floor(this.#rows / BLOCK_ROWS);
    this.#signatures[block] ??= new Uint8Array(SIGNATURE_BYTES);
    for (const text of searchedTexts(row, record)) addTrigrams(this.#signatures[block], text);
    this.#rows += 1;
  }

  #addPart(id: string, { offset, length }: { offset: number; length: number }): void {
    this.#numbers.part_id.push(hashId(id));
    this.#numbers.part_offset.push(offset);
    this.#numbers.part_length.push(length);
  }

  #open(id: string, place: { offset: number; length: number }): void {
    if (this.#opens.size >= MAX_OPENS) return;
    this.#opens.set(id, [...(this.#opens.get(id) ?? []).slice(0, 9), { id, ...place }]);
  }

  /** What was opened in a segment before this one is ended here, too. */
  #close(id: string): void {
    if (!this.#opens.delete(id)) this.#ends.push(hashId(id));
  }
}

/** What `hasText` of row-match.ts looks at, in lower case. */
function searchedTexts(row: Row, record: AuditRecord): string[] {
  const { url, host, client, agent, method, status, reason, rule, event, id, summary } = row;
  const fields = [url, host, client, agent, method, reason, rule, event, id, summary];
  const headers = [
    record.req_headers,
    record.res_headers,
    record.req_trailers,
    record.res_trailers,
  ].flatMap((list) => headerPairs(list).map(([name, value]) => `${name}: ${value}`));
  return [...fields, String(status ?? ''), ...headers].map((text) => text.toLowerCase());
}

function hasAll(signature: Uint8Array, bits: readonly number[]): boolean {
  return bits.every((bit) => ((signature[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0);
}

function isCoded(name: ColumnName): name is Coded {
  return (CODED as readonly string[]).includes(name);
}

function columns<T extends string>(names: readonly T[]): Record<T, Column> {
  return Object.fromEntries(names.map((name) => [name, new Column()])) as Record<T, Column>;
}
