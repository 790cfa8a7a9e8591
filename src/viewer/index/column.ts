// Numbers that grow one by one, and the dictionary that gives values numbers. Pure.

import { OTHER, type Value } from './segment-index.ts';

/** A growing column; what was read of it stays as it is. */
export class Column {
  #numbers = new Float64Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#numbers.length) {
      const larger = new Float64Array(2 * this.#length);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[this.#length] = value;
    this.#length += 1;
  }

  /** The numbers of now. */
  view(length = this.#length): Float64Array {
    return this.#numbers.subarray(0, length);
  }
}

/** Numbers that come in any order, and are asked for in theirs: what is new is sorted in. */
export class SortedColumn {
  readonly #all = new Column();
  #sorted = new Float64Array(0);

  get length(): number {
    return this.#all.length;
  }

  push(value: number): void {
    this.#all.push(value);
  }

  /** The first `length` that came. */
  view(length = this.#all.length): Float64Array {
    const old = this.#sorted;
    if (length === old.length) return old;
    if (length < old.length) return this.#all.view(length).slice().sort();
    const added = this.#all.view(length).slice(old.length).sort();
    const merged = new Float64Array(length);
    for (let at = 0, a = 0, b = 0; at < length; at += 1) {
      const isOld = b >= added.length || (old[a] ?? Number.POSITIVE_INFINITY) <= (added[b] ?? 0);
      merged[at] = (isOld ? old[a] : added[b]) ?? 0;
      if (isOld) a += 1;
      else b += 1;
    }
    this.#sorted = merged;
    return merged;
  }
}

/** Longer than the name of any host; what is longer is rare and looked up in its line. */
export const MAX_VALUE_CHARS = 256;
export const MAX_VALUES = 65_536;

/** Values in the order of their first use; the first is no value at all. */
export class Dictionary {
  readonly values: Value[] = [null];
  readonly #codes = new Map<Value, number>();

  codeOf(value: Value): number {
    const known = this.#codes.get(value);
    if (known !== undefined) return known;
    const isTooLong = typeof value === 'string' && value.length > MAX_VALUE_CHARS;
    if (isTooLong || this.values.length >= MAX_VALUES) return OTHER;
    const code = this.values.length;
    this.values.push(value);
    this.#codes.set(value, code);
    return code;
  }
}

export const KINDS = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f64: Float64Array };
export type Kind = keyof typeof KINDS;

/** The narrowest kind of array that holds these numbers exactly. */
export function kindOf(numbers: ArrayLike<number>): Kind {
  let most = 0;
  for (let at = 0; at < numbers.length; at += 1) {
    const value = numbers[at] ?? 0;
    // NaN, fractions, negative numbers, and -0 beside 0.
    if (!(value >= 0) || value > 0xffff_ffff || !Number.isInteger(value)) return 'f64';
    if (value > most) most = value;
  }
  return most < 256 ? 'u8' : most < 65_536 ? 'u16' : 'u32';
}
