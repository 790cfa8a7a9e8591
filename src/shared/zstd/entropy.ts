// The two entropy codes of Zstandard: finite state tables (RFC 8878 section 4.1) and Huffman codes
// (4.2). Pure. Every table is checked to be whole and within the format's sizes before it is used.

import { BackwardBits, ForwardBits, highestBit, ZstdError } from './bits.ts';

/** A finite state table: state → symbol, and how the next state is read. */
export type StateTable = {
  readonly accuracy: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
  readonly bases: Uint16Array;
};

/** A Huffman code: the next `maxBits` bits → symbol, and how many of them it took. */
export type HuffmanTable = {
  readonly maxBits: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
};

type Sizes = { readonly maxAccuracy: number; readonly maxSymbol: number };

/** 4.1.1: a table's description at the start of `bytes`. */
export function readStateTable(
  bytes: Uint8Array,
  { maxAccuracy, maxSymbol }: Sizes,
): { readonly table: StateTable; readonly length: number } {
  const input = new ForwardBits(bytes);
  const accuracy = input.read(4) + 5;
  if (accuracy > maxAccuracy) throw new ZstdError('a table is too large');
  const shares: number[] = [];
  let left = 1 << accuracy;
  while (left > 0) {
    const share = readShare(input, left);
    left -= Math.abs(share);
    shares.push(share);
    if (share === 0) {
      let repeat: number;
      do {
        repeat = input.read(2);
        for (let n = 0; n < repeat; n += 1) shares.push(0);
      } while (repeat === 3 && shares.length <= maxSymbol);
    }
    if (shares.length > maxSymbol + 1) throw new ZstdError('a table has too many symbols');
  }
  return { table: buildStateTable(shares, accuracy), length: input.bytesRead };
}

/** One symbol's share of the states; -1: less than one. Small values take a bit less. */
function readShare(input: ForwardBits, left: number): number {
  const bits = highestBit(left + 1) + 1;
  const value = input.read(bits);
  const low = value & ((1 << (bits - 1)) - 1);
  const short = (1 << bits) - 2 - left;
  if (low < short) {
    input.back(1);
    return low - 1;
  }
  return (value >= 1 << (bits - 1) ? value - short : value) - 1;
}

/** Shares that add up to all states → the table. */
export function buildStateTable(shares: readonly number[], accuracy: number): StateTable {
  const size = 1 << accuracy;
  const symbols = new Uint8Array(size);
  const next = new Uint16Array(shares.length);
  let high = size;
  for (const [symbol, share] of shares.entries()) {
    next[symbol] = Math.abs(share);
    if (share === -1) {
      high -= 1;
      symbols[high] = symbol;
    }
  }
  const step = (size >> 1) + (size >> 3) + 3;
  let at = 0;
  for (const [symbol, share] of shares.entries()) {
    for (let n = 0; n < share; n += 1) {
      symbols[at] = symbol;
      do at = (at + step) & (size - 1);
      while (at >= high);
    }
  }
  const bits = new Uint8Array(size);
  const bases = new Uint16Array(size);
  for (let state = 0; state < size; state += 1) {
    const symbol = symbols[state] ?? 0;
    const count = next[symbol] ?? 0;
    next[symbol] = count + 1;
    const wide = accuracy - highestBit(count);
    bits[state] = wide;
    bases[state] = (count << wide) - size;
  }
  return { accuracy, symbols, bits, bases };
}

/** A table that says one symbol, always. */
export function constantTable(symbol: number): StateTable {
  const symbols = Uint8Array.of(symbol);
  return { accuracy: 0, symbols, bits: new Uint8Array(1), bases: new Uint16Array(1) };
}

/** 4.2.1: a code's description at the start of `bytes`. */
export function readHuffmanTable(bytes: Uint8Array): {
  readonly table: HuffmanTable;
  readonly length: number;
} {
  const header = bytes[0] ?? 0;
  const length = 1 + (header < 128 ? header : (header - 126) >> 1);
  if (length > bytes.length) throw new ZstdError('a code is cut off');
  const body = bytes.subarray(1, length);
  const weights = header < 128 ? codedWeights(body) : plainWeights(body, header - 127);
  return { table: buildHuffmanTable(weights), length };
}

function plainWeights(bytes: Uint8Array, count: number): number[] {
  return Array.from({ length: count }, (_, at) => {
    const pair = bytes[at >> 1] ?? 0;
    return at % 2 === 0 ? pair >> 4 : pair & 15;
  });
}

/** Two states take turns until the bits are used up. */
function codedWeights(bytes: Uint8Array): number[] {
  const { table, length } = readStateTable(bytes, { maxAccuracy: 6, maxSymbol: 255 });
  const input = new BackwardBits(bytes.subarray(length));
  let state = input.read(table.accuracy);
  let other = input.read(table.accuracy);
  const weights: number[] = [];
  while (weights.length < 255) {
    weights.push(table.symbols[state] ?? 0);
    const following = (table.bases[state] ?? 0) + input.read(table.bits[state] ?? 0);
    state = other;
    other = following;
    if (input.left < 0) {
      weights.push(table.symbols[state] ?? 0);
      return weights;
    }
  }
  throw new ZstdError('a code has too many symbols');
}

const MAX_CODE_BITS = 11;

function buildHuffmanTable(weights: number[]): HuffmanTable {
  let sum = 0;
  for (const weight of weights) sum += weight === 0 ? 0 : 1 << (weight - 1);
  const maxBits = sum === 0 ? 0 : highestBit(sum) + 1;
  const rest = (1 << maxBits) - sum;
  const isWhole = (rest & (rest - 1)) === 0;
  if (maxBits === 0 || maxBits > MAX_CODE_BITS || !isWhole) throw new ZstdError('no code');
  // The last weight is not sent: it makes the code whole.
  weights.push(highestBit(rest) + 1);
  const symbols = new Uint8Array(1 << maxBits);
  const bits = new Uint8Array(1 << maxBits);
  let at = 0;
  for (let weight = 1; weight <= maxBits; weight += 1) {
    const width = 1 << (weight - 1);
    for (const [symbol, own] of weights.entries()) {
      if (own !== weight) continue;
      symbols.fill(symbol, at, at + width);
      bits.fill(maxBits + 1 - weight, at, at + width);
      at += width;
    }
  }
  return { maxBits, symbols, bits };
}

/** Fills `out` from one bitstream, which must hold as many symbols and no more. */
export function decodeHuffman(table: HuffmanTable, bytes: Uint8Array, out: Uint8Array): void {
  const input = new BackwardBits(bytes);
  const { symbols, bits, maxBits } = table;
  for (let at = 0; at < out.length; at += 1) {
    const index = input.peek(maxBits);
    out[at] = symbols[index] ?? 0;
    input.left -= bits[index] ?? 0;
  }
  if (input.left !== 0) throw new ZstdError('a bitstream has another length');
}
