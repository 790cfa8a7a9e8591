// The bytes of an index file: a header that says what is where, and the columns behind it. Every part has
// a checksum and every number of the header is looked at before it is used. Pure: bytes in, bytes out.
//
// `LEASHIX1` · length and CRC-32 of the header (u32 each) · header (JSON) · sections, each at a multiple
// of 8. The signatures lie across: for each of the 65,536 bits a row with one bit for each block, so that
// a text of n trigrams takes n short reads.

import { crc32 } from 'node:zlib';
import { KINDS, type Kind, kindOf } from './column.ts';
import type { IndexBuilder } from './index-builder.ts';
import {
  BLOCK_ROWS,
  CODED,
  type ColumnName,
  IndexDamaged,
  NUMERIC,
  PART_COLUMNS,
  type Summary,
} from './segment-index.ts';
import { SIGNATURE_BITS } from './trigrams.ts';

const MAGIC = Buffer.from('LEASHIX1');
export const PREFIX_BYTES = 16;
/** Ten thousand places of lines that are too long, and a hundred sections. */
const MAX_HEADER_BYTES = 1024 * 1024;
/** Of a signature; read and checked at once. */
const PAGE_BYTES = 4096;

const COLUMN_NAMES: readonly ColumnName[] = [...NUMERIC, ...CODED, ...PART_COLUMNS, 'ends'];

export type Section = { readonly at: number; readonly bytes: number; readonly crc: number };
type ColumnSection = Section & { readonly kind: Kind };

export type Header = Summary & {
  /** SHA-256 of the first bytes of the segment. */
  readonly identity: string;
  /** Bytes of the segment. */
  readonly size: number;
  readonly fileBytes: number;
  readonly columns: Readonly<Record<ColumnName, ColumnSection>>;
  /** Values of each dictionary, as JSON. */
  readonly values: Readonly<Record<string, Section>>;
  readonly opens: Section;
  readonly signature: Section & { readonly rowBytes: number };
  /** CRC-32 of each page of the signature. */
  readonly pages: ColumnSection;
};

/** An index → its file. Takes a second or so for a large segment: not for an event loop. */
export async function encodeIndex(
  builder: IndexBuilder,
  { identity, size }: { identity: string; size: number },
): Promise<Buffer> {
  const index = builder.snapshot();
  const body = new Body();
  const columns: Record<string, ColumnSection> = {};
  for (const name of COLUMN_NAMES) columns[name] = body.addColumn(await index.numbers(name));
  const values: Record<string, Section> = {};
  for (const name of CODED) values[name] = body.addJson(await index.values(name));
  const opens = body.addJson(await index.opens());
  const signatures = builder.signatures();
  const rowBytes = Math.ceil(signatures.length / 8);
  const across = transpose(signatures, rowBytes);
  const pageBytes = pageBytesOf(rowBytes);
  const crcs: number[] = [];
  for (let at = 0; at < across.length; at += pageBytes) {
    crcs.push(crc32(across.subarray(at, at + pageBytes)));
  }
  const pages = body.addColumn(Uint32Array.from(crcs));
  const signature = { ...body.add(across), rowBytes };
  const { numbers, values: _values, opens: _opens, blocksWith, ...summary } = index;
  return body.finish({ ...summary, identity, size, columns, values, opens, signature, pages });
}

/** So many whole rows of the signature that they fill a page. */
export function pageBytesOf(rowBytes: number): number {
  return Math.max(1, Math.floor(PAGE_BYTES / Math.max(1, rowBytes))) * Math.max(1, rowBytes);
}

class Body {
  readonly #sections: Uint8Array[] = [];
  #at = 0;

  add(bytes: Uint8Array): Section {
    const section = { at: this.#at, bytes: bytes.length, crc: crc32(bytes) };
    const padded = Math.ceil(bytes.length / 8) * 8;
    this.#sections.push(bytes, new Uint8Array(padded - bytes.length));
    this.#at += padded;
    return section;
  }

  addColumn(numbers: ArrayLike<number>): ColumnSection {
    const kind = kindOf(numbers);
    const array = KINDS[kind].from(numbers);
    return { ...this.add(new Uint8Array(array.buffer, 0, array.byteLength)), kind };
  }

  addJson(value: unknown): Section {
    return this.add(Buffer.from(JSON.stringify(value)));
  }

  /** Places of sections count from the end of the header. */
  finish(header: object): Buffer {
    const text = Buffer.from(JSON.stringify({ ...header, bodyBytes: this.#at }));
    const padded = Math.ceil(text.length / 8) * 8;
    const prefix = Buffer.alloc(PREFIX_BYTES + padded, ' ');
    MAGIC.copy(prefix);
    text.copy(prefix, PREFIX_BYTES);
    prefix.writeUInt32LE(padded, 8);
    prefix.writeUInt32LE(crc32(prefix.subarray(PREFIX_BYTES)), 12);
    return Buffer.concat([prefix, ...this.#sections]);
  }
}

/** The first bytes of a file → length of its header. Throws where it is no index. */
export function readPrefix(prefix: Buffer): number {
  const length = prefix.length === PREFIX_BYTES ? prefix.readUInt32LE(8) : 0;
  const isOurs = prefix.subarray(0, MAGIC.length).equals(MAGIC);
  if (!isOurs || length === 0 || length > MAX_HEADER_BYTES) throw new IndexDamaged('no index');
  return length;
}

/** Prefix and header of a file of so many bytes → what is where. Throws where anything is wrong. */
export function readHeader(prefix: Buffer, bytes: Buffer, fileBytes: number): Header {
  if (crc32(bytes) !== prefix.readUInt32LE(12)) throw new IndexDamaged('header');
  const base = PREFIX_BYTES + bytes.length;
  const value = JSON.parse(bytes.toString()) as Header & { bodyBytes: number };
  if (base + value.bodyBytes !== fileBytes) throw new IndexDamaged('length');
  const place = <S extends Section>(section: S): S => {
    const { at, bytes: length } = section;
    if (!(isCount(at) && isCount(length) && at + length <= value.bodyBytes)) {
      throw new IndexDamaged('section');
    }
    return { ...section, at: base + at };
  };
  const { rows, end, size, signature } = value;
  const rowBytes = Math.ceil(Math.ceil(rows / BLOCK_ROWS) / 8);
  const fits =
    isCount(rows) &&
    isCount(size) &&
    isCount(end) &&
    end <= size &&
    signature.rowBytes === rowBytes &&
    signature.bytes === SIGNATURE_BITS * rowBytes;
  if (!fits) throw new IndexDamaged('numbers');
  const placed = <S extends Section>(names: readonly string[], sections: Record<string, S>) =>
    Object.fromEntries(
      names.map((name) => {
        const section = sections[name];
        if (section === undefined) throw new IndexDamaged(name);
        return [name, place(section)];
      }),
    );
  return {
    ...value,
    fileBytes,
    columns: placed(COLUMN_NAMES, value.columns) as Header['columns'],
    values: placed(CODED, value.values),
    opens: place(value.opens),
    signature: place(signature),
    pages: place(value.pages),
  };
}

/** Checked bytes of a column → its numbers. */
export function toNumbers(
  bytes: Uint8Array,
  { kind, crc }: ColumnSection,
  length: number | null,
): ArrayLike<number> {
  if (!Object.hasOwn(KINDS, kind) || crc32(bytes) !== crc) throw new IndexDamaged('column');
  const width = KINDS[kind].BYTES_PER_ELEMENT;
  const count = bytes.length / width;
  const isWhole = Number.isInteger(count) && (length === null || count === length);
  if (!isWhole || bytes.byteOffset % 8 !== 0) throw new IndexDamaged('column');
  return new KINDS[kind](bytes.buffer as ArrayBuffer, bytes.byteOffset, count);
}

function transpose(signatures: readonly Uint8Array[], rowBytes: number): Uint8Array {
  const across = new Uint8Array(SIGNATURE_BITS * rowBytes);
  for (const [block, signature] of signatures.entries()) {
    const column = block >> 3;
    const mark = 1 << (block & 7);
    for (let byte = 0; byte < signature.length; byte += 1) {
      for (let left = signature[byte] ?? 0; left !== 0; left &= left - 1) {
        const bit = 8 * byte + 31 - Math.clz32(left & -left);
        const at = bit * rowBytes + column;
        across[at] = (across[at] ?? 0) | mark;
      }
    }
  }
  return across;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
