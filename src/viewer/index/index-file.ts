// Serves the index of a segment from its file: a query reads the columns that it needs, and of the
// signatures a few pages. What was read is kept for the next query, all of it within a limit.
//
// Invariant: an index that is damaged is never believed: each part is checked when it is read.

import { type FileHandle, open, stat } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { BoundedCache } from '../store/bounded-cache.ts';
import { readAt } from '../store/read-at.ts';
import {
  type Header,
  PREFIX_BYTES,
  pageBytesOf,
  readHeader,
  readPrefix,
  type Section,
  toNumbers,
} from './index-format.ts';
import {
  BLOCK_ROWS,
  IndexDamaged,
  type Open,
  PART_COLUMNS,
  type SegmentIndex,
  type Value,
} from './segment-index.ts';

/** Bytes at a place; fewer where there are no more. */
type IndexBytes = {
  readonly size: number;
  read(at: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
};

export type OpenedIndex = SegmentIndex & {
  readonly identity: string;
  readonly size: number;
  close(): Promise<void>;
};

/** What was read of all indexes: some columns of a hundred segments, or all of a few. */
export class ColumnCache {
  readonly #held = new BoundedCache<unknown>(MAX_CACHED_BYTES);
  #opened = 0;

  /** A name that no other index has. */
  newOwner(): number {
    this.#opened += 1;
    return this.#opened;
  }

  async get<T>(key: string, load: () => Promise<{ value: T; bytes: number }>): Promise<T> {
    const held = this.#held.get(key);
    if (held !== undefined) return held as T;
    const { value, bytes } = await load();
    this.#held.set(key, value, bytes + 64);
    return value;
  }
}
/** Ten million records have some 5 million rows: time and class of all of them are 45 MB. */
const MAX_CACHED_BYTES = 96 * 1024 * 1024;

/** A log of years has many indexes: a file that nobody reads is not kept open. */
const IDLE_MS = 1000;

/** Null where there is no such file. */
export async function bytesOfFile(path: string): Promise<IndexBytes | null> {
  const size = await stat(path).then(
    (found) => found.size,
    () => null,
  );
  return size === null ? null : new IdleFile(path, size);
}

class IdleFile implements IndexBytes {
  readonly size: number;
  readonly #path: string;
  #file: Promise<FileHandle> | null = null;
  #readers = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string, size: number) {
    this.#path = path;
    this.size = size;
  }

  async read(at: number, length: number): Promise<Buffer> {
    this.#readers += 1;
    try {
      this.#file ??= open(this.#path, 'r');
      return await readAt(await this.#file, at, length);
    } catch {
      this.#file = null;
      return Buffer.alloc(0);
    } finally {
      this.#readers -= 1;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.close(), IDLE_MS);
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#readers > 0) return;
    const file = this.#file;
    this.#file = null;
    await (await file?.catch(() => null))?.close();
  }
}

/** The same of an index that could not be written. */
export function bytesInMemory(bytes: Buffer): IndexBytes {
  return {
    size: bytes.length,
    read: async (at, length) => Buffer.from(bytes.subarray(at, at + length)),
    close: async () => {},
  };
}

/** Throws where it is no index, of another version, or not whole. */
export async function openIndex(bytes: IndexBytes, cache: ColumnCache): Promise<OpenedIndex> {
  const prefix = await bytes.read(0, PREFIX_BYTES);
  const headerBytes = await bytes.read(PREFIX_BYTES, readPrefix(prefix));
  const header = readHeader(prefix, headerBytes, bytes.size);
  const { columns, values, opens, signature, pages, fileBytes, ...summary } = header;
  const owner = cache.newOwner();
  const section = (place: Section) => readSection(bytes, place);
  const json = <T>(name: string, place: Section) =>
    cache.get(`${owner} ${name}`, async () => {
      return { value: parseSection<T>(await section(place), place), bytes: 2 * place.bytes };
    });
  const numbers = (name: string, place: Header['pages'], length: number | null) =>
    cache.get(`${owner} ${name}`, async () => {
      return { value: toNumbers(await section(place), place, length), bytes: place.bytes };
    });
  const page = (number: number) =>
    cache.get(`${owner} page ${number}`, async () => {
      const crcs = await numbers('pages', pages, null);
      const length = pageBytesOf(signature.rowBytes);
      const at = number * length;
      const value = await bytes.read(signature.at + at, Math.min(length, signature.bytes - at));
      if (crc32(value) !== crcs[number]) throw new IndexDamaged('signature');
      return { value, bytes: value.length };
    });
  return {
    ...summary,
    numbers: (name) => {
      const isOfRows = name !== 'ends' && !(PART_COLUMNS as readonly string[]).includes(name);
      return numbers(`numbers ${name}`, columns[name], isOfRows ? summary.rows : null);
    },
    values: (name) => json<Value[]>(`values ${name}`, values[name] ?? opens),
    opens: () => json<Open[]>('opens', opens),
    async blocksWith(bits) {
      const { rowBytes } = signature;
      const blocks = new Uint8Array(Math.ceil(summary.rows / BLOCK_ROWS)).fill(1);
      const perPage = pageBytesOf(rowBytes) / Math.max(1, rowBytes);
      for (const bit of blocks.length === 0 ? [] : bits) {
        const number = Math.floor(bit / perPage);
        const row = (bit - number * perPage) * rowBytes;
        const across = await page(number);
        let left = 0;
        for (let block = 0; block < blocks.length; block += 1) {
          if (((across[row + (block >> 3)] ?? 0) & (1 << (block & 7))) === 0) blocks[block] = 0;
          left += blocks[block] ?? 0;
        }
        if (left === 0) break;
      }
      return blocks;
    },
    close: () => bytes.close(),
  };
}

/** Into memory of its own, where numbers of eight bytes lie as they must. */
async function readSection(bytes: IndexBytes, { at, bytes: length }: Section): Promise<Uint8Array> {
  const read = await bytes.read(at, length);
  if (read.length !== length) throw new IndexDamaged('length');
  return new Uint8Array(read);
}

function parseSection<T>(bytes: Uint8Array, { crc }: Section): T {
  if (crc32(bytes) !== crc) throw new IndexDamaged('values');
  return JSON.parse(Buffer.from(bytes.buffer).toString());
}
