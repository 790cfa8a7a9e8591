// Bits of a Zstandard stream (RFC 8878): some parts are read forward, entropy-coded ones backward from
// their last byte. Pure; it knows nothing of frames.

/** What is no Zstandard. Some twenty places find it out: it is thrown, and caught in `ZstdDecoder` alone. */
export class ZstdError extends Error {}

export function highestBit(value: number): number {
  return 31 - Math.clz32(value);
}

/** Bits from the first byte on, least significant first. */
export class ForwardBits {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#at = 0;
  }

  /** `count`: 16 at most. */
  read(count: number): number {
    const value = bitsAt(this.#bytes, this.#at, count);
    this.#at += count;
    if (this.#at > this.#bytes.length * 8) throw new ZstdError('a table is cut off');
    return value;
  }

  back(count: number): void {
    this.#at -= count;
  }

  /** Bytes that were read, the last one whole. */
  get bytesRead(): number {
    return Math.ceil(this.#at / 8);
  }
}

/** Bits from the last byte on, most significant first, behind the 1 that marks the end (4.1). */
export class BackwardBits {
  readonly #bytes: Uint8Array;
  /** Bits that are left; negative: more was read than there is. */
  left: number;

  constructor(bytes: Uint8Array) {
    const last = bytes[bytes.length - 1] ?? 0;
    if (last === 0) throw new ZstdError('a bitstream has no end mark');
    this.#bytes = bytes;
    this.left = (bytes.length - 1) * 8 + highestBit(last);
  }

  /** `count`: 24 at most. What is missing reads as zeros, as the format wants it. */
  read(count: number): number {
    const value = this.peek(count);
    this.left -= count;
    return value;
  }

  peek(count: number): number {
    if (this.left >= count) return bitsAt(this.#bytes, this.left - count, count);
    if (this.left <= 0) return 0;
    return bitsAt(this.#bytes, 0, this.left) << (count - this.left);
  }
}

function bitsAt(bytes: Uint8Array, at: number, count: number): number {
  const index = at >>> 3;
  const word =
    (bytes[index] ?? 0) |
    ((bytes[index + 1] ?? 0) << 8) |
    ((bytes[index + 2] ?? 0) << 16) |
    ((bytes[index + 3] ?? 0) << 24);
  return (word >>> (at & 7)) & ((1 << count) - 1);
}
