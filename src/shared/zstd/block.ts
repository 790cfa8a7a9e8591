// One compressed block of a Zstandard frame (RFC 8878 section 3.1.1.3): literals, and sequences that say
// where they go and what is copied from before. Pure.
//
// Invariant: a block costs no more than its bytes and the 128 KiB that may come out: each length is checked before it is obeyed.

import { BackwardBits, ZstdError } from './bits.ts';
import {
  buildStateTable,
  constantTable,
  decodeHuffman,
  type HuffmanTable,
  readHuffmanTable,
  readStateTable,
  type StateTable,
} from './entropy.ts';

/** What a block takes over from those before it in the frame. */
export type BlockState = {
  huffman: HuffmanTable | null;
  tables: Record<Field, StateTable | null>;
  /** The last three offsets, newest first. */
  offsets: [number, number, number];
};

/** Where bytes go to: behind `end`; what is before is what may be copied from. */
export type Window = { readonly bytes: Buffer; readonly end: number; readonly size: number };

type Field = 'literals' | 'offset' | 'match';

type FieldCode = {
  readonly sizes: { readonly maxAccuracy: number; readonly maxSymbol: number };
  /** Table where the frame sends none. */
  readonly usual: StateTable;
};

const ones = (count: number) => Array.from({ length: count }, () => 1);
const rare = (count: number) => Array.from({ length: count }, () => -1);

/** 3.1.1.3.2.2 */
const CODES: Readonly<Record<Field, FieldCode>> = {
  literals: {
    sizes: { maxAccuracy: 9, maxSymbol: 35 },
    usual: buildStateTable(
      // biome-ignore format: the table as the RFC prints it
      [4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, ...ones(5), ...rare(4)],
      6,
    ),
  },
  offset: {
    sizes: { maxAccuracy: 8, maxSymbol: 31 },
    usual: buildStateTable([...ones(6), 2, 2, 2, ...ones(15), ...rare(5)], 5),
  },
  match: {
    sizes: { maxAccuracy: 9, maxSymbol: 52 },
    usual: buildStateTable([1, 4, 3, 2, 2, 2, 2, 2, 2, ...ones(37), ...rare(7)], 6),
  },
};

/** 3.1.1.3.2.1.1: additional bits of the codes; a code's first length is where the one before ended. */
const LITERAL_BITS = [
  ...Array<number>(16).fill(0),
  ...[1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
];
const MATCH_BITS = [
  ...Array<number>(32).fill(0),
  ...[1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
];
const LITERAL_BASES = basesOf(LITERAL_BITS, 0);
const MATCH_BASES = basesOf(MATCH_BITS, 3);
/** Offsets up to 16 MiB: twice the largest window. */
const MAX_OFFSET_CODE = 23;

function basesOf(bits: readonly number[], first: number): number[] {
  let base = first;
  return bits.map((count) => {
    const own = base;
    base += 1 << count;
    return own;
  });
}

/** Writes what the block says behind `window.end`, at most `maxBytes`; returns how much that is. */
export function decodeBlock(
  block: Uint8Array,
  state: BlockState,
  window: Window,
  maxBytes: number,
): number {
  const literals = readLiterals(block, state, maxBytes);
  const rest = block.subarray(literals.length);
  return runSequences(rest, literals.bytes, state, { window, maxBytes });
}

type Literals = { readonly bytes: Uint8Array; readonly length: number };

/** 3.1.1.3.1; `length`: bytes of the block that they took. */
function readLiterals(block: Uint8Array, state: BlockState, maxBytes: number): Literals {
  const [b0 = 0, b1 = 0, b2 = 0, b3 = 0, b4 = 0] = block;
  const type = b0 & 3;
  const format = (b0 >> 2) & 3;
  if (type < 2) {
    const width = format === 1 ? 2 : format === 3 ? 3 : 1;
    const sizes = [b0 >> 3, (b0 >> 4) | (b1 << 4), (b0 >> 4) | (b1 << 4) | (b2 << 12)];
    const size = sizes[width - 1] ?? 0;
    const length = width + (type === 0 ? size : 1);
    if (size > maxBytes || length > block.length) throw new ZstdError('too many literals');
    const bytes = block.subarray(width, length);
    return { bytes: type === 0 ? bytes : new Uint8Array(size).fill(bytes[0] ?? 0), length };
  }
  const [width, size, coded] =
    format < 2
      ? [3, (b0 >> 4) | ((b1 & 63) << 4), (b1 >> 6) | (b2 << 2)]
      : format === 2
        ? [4, (b0 >> 4) | (b1 << 4) | ((b2 & 3) << 12), (b2 >> 2) | (b3 << 6)]
        : [5, (b0 >> 4) | (b1 << 4) | ((b2 & 63) << 12), (b2 >> 6) | (b3 << 2) | (b4 << 10)];
  const length = width + coded;
  if (size > maxBytes || length > block.length) throw new ZstdError('too many literals');
  let body = block.subarray(width, length);
  if (type === 2) {
    const { table, length: described } = readHuffmanTable(body);
    state.huffman = table;
    body = body.subarray(described);
  }
  if (state.huffman === null) throw new ZstdError('a code that was never sent');
  const bytes = new Uint8Array(size);
  if (format === 0) decodeHuffman(state.huffman, body, bytes);
  else decodeFour(state.huffman, body, bytes);
  return { bytes, length };
}

/** Four bitstreams, the first three of one size. */
function decodeFour(table: HuffmanTable, body: Uint8Array, out: Uint8Array): void {
  const quarter = (out.length + 3) >> 2;
  let at = 6;
  for (let n = 0; n < 4; n += 1) {
    const said = (body[2 * n] ?? 0) | ((body[2 * n + 1] ?? 0) << 8);
    const end = n === 3 ? body.length : at + said;
    if (end > body.length) throw new ZstdError('a bitstream is cut off');
    const part = out.subarray(n * quarter, n === 3 ? out.length : (n + 1) * quarter);
    decodeHuffman(table, body.subarray(at, end), part);
    at = end;
  }
}

/** 3.1.1.3.2: how many there are, their tables, and the bits. */
function runSequences(
  section: Uint8Array,
  literals: Uint8Array,
  state: BlockState,
  { window, maxBytes }: { readonly window: Window; readonly maxBytes: number },
): number {
  const [b0 = 0, b1 = 0, b2 = 0] = section;
  const width = b0 < 128 ? 1 : b0 < 255 ? 2 : 3;
  const count = b0 < 128 ? b0 : b0 < 255 ? ((b0 - 128) << 8) | b1 : (b1 | (b2 << 8)) + 0x7f00;
  const out = new Output(window, literals, maxBytes);
  if (count === 0) {
    if (section.length !== 1) throw new ZstdError('bytes behind the literals');
    return out.finish();
  }
  const modes = section[width] ?? 0;
  if ((modes & 3) !== 0) throw new ZstdError('an unknown form of sequences');
  let at = width + 1;
  const tableOf = (field: Field, mode: number): StateTable => {
    const { table, length } = readTable(section.subarray(at), field, mode & 3, state);
    at += length;
    state.tables[field] = table;
    return table;
  };
  const literalTable = tableOf('literals', modes >> 6);
  const offsetTable = tableOf('offset', modes >> 4);
  const matchTable = tableOf('match', modes >> 2);
  const input = new BackwardBits(section.subarray(at));
  let literalState = input.read(literalTable.accuracy);
  let offsetState = input.read(offsetTable.accuracy);
  let matchState = input.read(matchTable.accuracy);
  for (let left = count; left > 0; left -= 1) {
    const offsetCode = offsetTable.symbols[offsetState] ?? 0;
    const matchCode = matchTable.symbols[matchState] ?? 0;
    const literalCode = literalTable.symbols[literalState] ?? 0;
    if (offsetCode > MAX_OFFSET_CODE) throw new ZstdError('an offset beyond the window');
    const offset = (1 << offsetCode) + input.read(offsetCode);
    const match = (MATCH_BASES[matchCode] ?? 0) + input.read(MATCH_BITS[matchCode] ?? 0);
    const plain = (LITERAL_BASES[literalCode] ?? 0) + input.read(LITERAL_BITS[literalCode] ?? 0);
    out.run(plain, realOffset(offset, plain === 0, state.offsets), match);
    if (left === 1) break;
    literalState = following(literalTable, literalState, input);
    matchState = following(matchTable, matchState, input);
    offsetState = following(offsetTable, offsetState, input);
  }
  if (input.left !== 0) throw new ZstdError('sequences have another length');
  return out.finish();
}

function following(table: StateTable, state: number, input: BackwardBits): number {
  return (table.bases[state] ?? 0) + input.read(table.bits[state] ?? 0);
}

function readTable(
  bytes: Uint8Array,
  field: Field,
  mode: number,
  state: BlockState,
): { readonly table: StateTable; readonly length: number } {
  const { sizes, usual } = CODES[field];
  if (mode === 0) return { table: usual, length: 0 };
  if (mode === 1) {
    const symbol = bytes[0] ?? 255;
    if (symbol > sizes.maxSymbol) throw new ZstdError('an unknown code');
    return { table: constantTable(symbol), length: 1 };
  }
  if (mode === 2) return readStateTable(bytes, sizes);
  const before = state.tables[field];
  if (before === null) throw new ZstdError('a table that was never sent');
  return { table: before, length: 0 };
}

/** 3.1.1.5: small values name one of the last offsets. */
function realOffset(value: number, isBare: boolean, offsets: BlockState['offsets']): number {
  const [first, second, third] = offsets;
  const which = value > 3 ? 0 : isBare ? value + 1 : value;
  if (which === 1) return first;
  const offset = which === 0 ? value - 3 : which === 2 ? second : which === 3 ? third : first - 1;
  offsets[2] = which === 2 ? third : second;
  offsets[1] = first;
  offsets[0] = offset;
  return offset;
}

/** The block's bytes as they come into being. */
class Output {
  readonly #window: Window;
  readonly #literals: Uint8Array;
  readonly #maxBytes: number;
  #used = 0;
  #at: number;

  constructor(window: Window, literals: Uint8Array, maxBytes: number) {
    this.#window = window;
    this.#literals = literals;
    this.#maxBytes = maxBytes;
    this.#at = window.end;
  }

  run(plain: number, offset: number, match: number): void {
    const { bytes, end, size } = this.#window;
    const from = this.#at + plain - offset;
    const isWithin = offset > 0 && offset <= size && from >= 0;
    const length = this.#at - end + plain + match;
    if (!isWithin || length > this.#maxBytes || this.#used + plain > this.#literals.length) {
      throw new ZstdError('a sequence beyond its bounds');
    }
    bytes.set(this.#literals.subarray(this.#used, this.#used + plain), this.#at);
    this.#used += plain;
    this.#at += plain;
    if (offset >= match) bytes.copyWithin(this.#at, from, from + match);
    // It repeats what it is writing.
    else for (let n = 0; n < match; n += 1) bytes[this.#at + n] = bytes[from + n] ?? 0;
    this.#at += match;
  }

  /** What is left of the literals goes to the end. */
  finish(): number {
    const rest = this.#literals.subarray(this.#used);
    const length = this.#at - this.#window.end + rest.length;
    if (length > this.#maxBytes) throw new ZstdError('a block is too long');
    this.#window.bytes.set(rest, this.#at);
    return length;
  }
}
