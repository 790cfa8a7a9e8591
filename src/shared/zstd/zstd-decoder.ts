// Decodes Zstandard (RFC 8878) piece by piece: what was pushed comes out in steps of one block, so that
// a caller can do something else in between. Checksums are not looked at. Node has a decoder from
// 22.15 on, which 20 lacks; packages in plain JavaScript obey what a block says of its own length, and
// stand still for minutes over 22 bytes. Knows nothing of HTTP.

import { HeldBytes } from '../held-bytes.ts';
import { ZstdError } from './bits.ts';
import { type BlockState, decodeBlock } from './block.ts';

/** RFC 9659: what a decoder must have room for, and an encoder for HTTP may not exceed. */
const MAX_WINDOW_BYTES = 8 * 1024 * 1024;
const MAX_BLOCK_BYTES = 128 * 1024;
/** Beyond the window, so that it is moved once in so many bytes. */
const SLACK_BYTES = 1024 * 1024;
const MAGIC = 0xfd2fb528;

type Frame = {
  readonly windowBytes: number;
  readonly maxBlockBytes: number;
  readonly hasChecksum: boolean;
  /** What is still to come out, where its head says so. */
  leftBytes: number | null;
  readonly state: BlockState;
};

export class ZstdDecoder {
  readonly #input = new HeldBytes();
  #ready: Buffer = Buffer.alloc(0);
  /** Bytes from here on that the next step needs. */
  #needed = 4;
  /** Bytes of a checksum that are still to come. */
  #skip = 0;
  #frame: Frame | null = null;
  #window: Buffer = Buffer.alloc(0);
  #windowEnd = 0;

  /** Bytes of what is not whole: no step has read them. */
  get pendingBytes(): number {
    return this.#ready.length + this.#input.length;
  }

  push(chunk: Buffer): void {
    this.#input.add(chunk);
  }

  /** The next bytes, maybe none; null: more input is needed; 'corrupt': no step will follow. */
  step(): Buffer | null | 'corrupt' {
    if (this.#ready.length + this.#input.length < this.#needed) return null;
    if (this.#ready.length < this.#needed || this.#ready.length === 0) {
      // Joined only when they suffice: a block that comes byte by byte is not copied for each of them.
      this.#ready = Buffer.concat([this.#ready, this.#input.take()]);
    }
    if (this.#ready.length === 0) return null;
    try {
      if (this.#skip > 0) return this.#skipSome();
      return this.#frame === null ? this.#readFrame() : this.#readBlock(this.#frame);
    } catch (error) {
      if (error instanceof ZstdError) return 'corrupt';
      throw error;
    }
  }

  #skipSome(): Buffer {
    const length = Math.min(this.#skip, this.#ready.length);
    this.#skip -= length;
    this.#consume(length, this.#skip > 0 ? 1 : 4);
    return NOTHING;
  }

  #consume(length: number, needed: number): void {
    this.#ready = this.#ready.subarray(length);
    this.#needed = needed;
  }

  /** 3.1.1.1 */
  #readFrame(): Buffer {
    const bytes = this.#ready;
    const magic = bytes.readUInt32LE(0);
    // Nor one that decoders skip (3.1.2): it would hide its bytes from whoever reads what comes out.
    if (magic !== MAGIC) throw new ZstdError('no frame');
    if (bytes.length < 5) return this.#wait(5);
    const descriptor = bytes[4] ?? 0;
    const isSingle = (descriptor & 32) !== 0;
    const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
    const idBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
    const length = 5 + (isSingle ? 0 : 1) + idBytes + sizeBytes;
    if ((descriptor & 8) !== 0 || idBytes > 0) throw new ZstdError('a dictionary, or a later form');
    if (bytes.length < length) return this.#wait(length);
    const size = sizeBytes === 0 ? null : contentSize(bytes.subarray(length - sizeBytes, length));
    const windowBytes = isSingle ? (size ?? 0) : windowSize(bytes[5] ?? 0);
    if (windowBytes > MAX_WINDOW_BYTES) throw new ZstdError('a window that is too large');
    this.#frame = {
      windowBytes,
      maxBlockBytes: Math.min(windowBytes, MAX_BLOCK_BYTES),
      hasChecksum: (descriptor & 4) !== 0,
      leftBytes: size,
      state: {
        huffman: null,
        tables: { literals: null, offset: null, match: null },
        offsets: [1, 4, 8],
      },
    };
    this.#windowEnd = 0;
    this.#consume(length, 3);
    return NOTHING;
  }

  #wait(needed: number): Buffer {
    this.#needed = needed;
    return NOTHING;
  }

  /** 3.1.1.2 */
  #readBlock(frame: Frame): Buffer {
    const header = this.#ready.readUIntLE(0, 3);
    const type = (header >> 1) & 3;
    const size = header >> 3;
    if (type === 3 || size > frame.maxBlockBytes) throw new ZstdError('no block');
    const length = 3 + (type === 1 ? 1 : size);
    if (this.#ready.length < length) return this.#wait(length);
    const block = this.#ready.subarray(3, length);
    this.#makeRoom(frame);
    const start = this.#windowEnd;
    const bytes = this.#window;
    if (type === 0) bytes.set(block, start);
    else if (type === 1) bytes.fill(block[0] ?? 0, start, start + size);
    const written =
      type === 2
        ? decodeBlock(
            block,
            frame.state,
            { bytes, end: start, size: frame.windowBytes },
            frame.maxBlockBytes,
          )
        : size;
    this.#windowEnd += written;
    this.#consume(length, 3);
    if (frame.leftBytes !== null) frame.leftBytes -= written;
    if ((header & 1) !== 0) {
      if ((frame.leftBytes ?? 0) !== 0) throw new ZstdError('another length than it says');
      this.#frame = null;
      this.#skip = frame.hasChecksum ? 4 : 0;
      this.#needed = this.#skip > 0 ? 1 : 4;
    }
    return Buffer.from(bytes.subarray(start, start + written));
  }

  /** Grows with what came out, so that a large window costs a short body nothing. */
  #makeRoom({ windowBytes, maxBlockBytes }: Frame): void {
    const needed = this.#windowEnd + maxBlockBytes;
    if (needed <= this.#window.length) return;
    const most = windowBytes + SLACK_BYTES;
    if (needed > most) {
      this.#window.copyWithin(0, this.#windowEnd - windowBytes, this.#windowEnd);
      this.#windowEnd = windowBytes;
      return;
    }
    const grown = Buffer.allocUnsafe(Math.min(most, Math.max(needed, this.#window.length * 2)));
    this.#window.copy(grown, 0, 0, this.#windowEnd);
    this.#window = grown;
  }
}

const NOTHING = Buffer.alloc(0);

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function contentSize(field: Buffer): number {
  if (field.length === 8) return Number(field.readBigUInt64LE(0));
  return field.readUIntLE(0, field.length) + (field.length === 2 ? 256 : 0);
}
