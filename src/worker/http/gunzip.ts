// Undoes gzip (RFC 1952) member by member. zlib does that by itself, and passes over what a member says
// in its head; here a member with fields of its own is refused, wherever it stands, so that none hides
// bytes from a copy of the content. Bounds of time and room are the caller's. Knows nothing of HTTP.

import { Transform, type TransformCallback } from 'node:stream';
import * as zlib from 'node:zlib';
import { LIMITS } from '../../shared/limits.ts';

/** A copy may be cut anywhere: what there is of it comes out, instead of an error about the rest. */
export const ZLIB_PARTIAL = { finishFlush: zlib.constants.Z_SYNC_FLUSH };

const HEAD_BYTES = 10;
const TRAILER_BYTES = 8;
const MAGIC_AND_METHOD = 0x1f8b08;
/** All flags but FTEXT, which has no field. */
const FIELDS = 0xfe;
/** Members in one go: each costs as much as a kilobyte. */
const MEMBERS_NOW = 16;
const NOTHING = Buffer.alloc(0);

/** With `info`, zlib also says how much it read. */
type WithInfo = { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };

/**
 * A short body, whole or cut, at once; more than `maxBytes` is an error of zlib's. 'longer': it takes
 * too long. 'corrupt': it is not what it says, or says more than its content, or a head is cut.
 */
export function gunzipNow(bytes: Buffer, maxBytes: number): Buffer | 'longer' | 'corrupt' {
  const pieces: Buffer[] = [];
  let left = maxBytes;
  let at = 0;
  while (at < bytes.length) {
    if (pieces.length === MEMBERS_NOW) return 'longer';
    if (!isHead(bytes.subarray(at, at + HEAD_BYTES))) return 'corrupt';
    at += HEAD_BYTES;
    const { buffer, engine } = zlib.inflateRawSync(bytes.subarray(at), {
      ...ZLIB_PARTIAL,
      maxOutputLength: Math.max(1, left),
      info: true,
    }) as unknown as WithInfo;
    pieces.push(buffer);
    left -= buffer.length;
    at += engine.bytesWritten;
    const trailer = bytes.subarray(at, at + TRAILER_BYTES);
    // It is cut off within its content.
    if (trailer.length === 0) break;
    if (!isTrailer(trailer, zlib.crc32(buffer), buffer.length)) return 'corrupt';
    at += TRAILER_BYTES;
  }
  return Buffer.concat(pieces);
}

/** The same as a stream. What it can give is given before the next write is done. */
export class GunzipStream extends Transform {
  readonly #chunkSize: number;
  /** What is there of a head or a trailer. */
  #frame: Buffer = NOTHING;
  #isTrailer = false;
  /** Null: no content is under way. */
  #inflate: zlib.InflateRaw | null = null;
  #members = 0;
  #crc = 0;
  #length = 0;
  #readBytes = 0;

  constructor(chunkSize: number) {
    super();
    this.#chunkSize = chunkSize;
  }

  /** Bytes that were read: of a head or trailer that is not whole, none. */
  get bytesWritten(): number {
    return this.#readBytes;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#read(chunk, done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#inflate?.destroy();
    done(error);
  }

  #read(bytes: Buffer, done: TransformCallback): void {
    if (this.destroyed) return;
    if (bytes.length === 0) done();
    else if (this.#inflate !== null) this.#readContent(this.#inflate, bytes, done);
    else this.#readFrame(bytes, done);
  }

  #readFrame(bytes: Buffer, done: TransformCallback): void {
    const size = this.#isTrailer ? TRAILER_BYTES : HEAD_BYTES;
    const taken = bytes.subarray(0, size - this.#frame.length);
    this.#frame = Buffer.concat([this.#frame, taken]);
    if (this.#frame.length === size) {
      const isGood = this.#isTrailer
        ? isTrailer(this.#frame, this.#crc, this.#length)
        : isHead(this.#frame) && this.#members < LIMITS.decodeMembers;
      if (!isGood) {
        done(new Error('not gzip, or more than its content'));
        return;
      }
      this.#readBytes += size;
      this.#frame = NOTHING;
      if (!this.#isTrailer) this.#begin();
      this.#isTrailer = false;
    }
    this.#read(bytes.subarray(taken.length), done);
  }

  #begin(): void {
    const inflate = zlib.createInflateRaw({ chunkSize: this.#chunkSize });
    this.#inflate = inflate;
    this.#members += 1;
    this.#crc = 0;
    this.#length = 0;
    inflate.on('error', (error) => this.destroy(error));
    inflate.on('data', (bytes: Buffer) => {
      this.#crc = zlib.crc32(bytes, this.#crc);
      this.#length += bytes.length;
      this.push(bytes);
    });
  }

  #readContent(inflate: zlib.InflateRaw, bytes: Buffer, done: TransformCallback): void {
    const before = inflate.bytesWritten;
    inflate.write(bytes, () => {
      const read = inflate.bytesWritten - before;
      this.#readBytes += read;
      if (read === bytes.length) {
        done();
        return;
      }
      const next = () => {
        inflate.destroy();
        this.#inflate = null;
        this.#isTrailer = true;
        this.#read(bytes.subarray(read), done);
      };
      if (inflate.readableEnded) next();
      else inflate.once('end', next);
    });
  }
}

function isHead(head: Buffer): boolean {
  if (head.length < HEAD_BYTES || head.readUIntBE(0, 3) !== MAGIC_AND_METHOD) return false;
  return ((head[3] ?? 0) & FIELDS) === 0;
}

function isTrailer(trailer: Buffer, crc: number, length: number): boolean {
  if (trailer.length < TRAILER_BYTES) return false;
  // The length is that modulo 2^32.
  return trailer.readUInt32LE(0) === crc && trailer.readUInt32LE(4) === length >>> 0;
}
