// How a body is coded, and how that is undone for the copy in the record: in one go where the body is
// short, by a stream where it is not. The bytes are hostile; bounds of time and room are the caller's
// (capture-decoder.ts) where they are not stated here. Knows nothing of records.

import type { Duplex } from 'node:stream';
import { Transform, type TransformCallback } from 'node:stream';
import * as zlib from 'node:zlib';
import type { CaptureMode } from '../../shared/config.ts';
import { codeOf } from '../../shared/error-code.ts';
import { LIMITS } from '../../shared/limits.ts';
import { ZstdDecoder } from '../../shared/zstd/zstd-decoder.ts';
import { GunzipStream, gunzipNow, ZLIB_PARTIAL } from './gunzip.ts';
import { type RawHeaders, valuesOf } from './header-list.ts';

export type Coding = 'gzip' | 'br' | 'deflate' | 'zstd';

const CODINGS: ReadonlyMap<string, Coding> = new Map([
  ['gzip', 'gzip'],
  // RFC 9110 8.4.1.3: the same.
  ['x-gzip', 'gzip'],
  ['br', 'br'],
  ['deflate', 'deflate'],
  ['zstd', 'zstd'],
]);

/**
 * The coding that the record's copy is freed of; null: there is none, it is unknown, there are several
 * (no honest sender's), or the wire's bytes are wanted.
 */
export function codingOf(mode: CaptureMode, headers: RawHeaders): Coding | null {
  if (mode === 'all') return null;
  const values = valuesOf(headers, 'content-encoding');
  if (values.length === 0) return null;
  const names = values
    .join(',')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  return names.length === 1 ? (CODINGS.get(names[0] ?? '') ?? null) : null;
}

const BROTLI_PARTIAL = { finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH };
/** Steps of zstd in one go: one costs up to a millisecond. */
const STEPS_NOW = 4;

/**
 * A short body, whole or cut, at once. 'longer': it takes more than `maxBytes`, or too long.
 * 'corrupt': it is not what it says, or says more than its content, or something stands behind it.
 */
export function decodeNow(
  coding: Coding,
  bytes: Buffer,
  maxBytes: number,
): Buffer | 'longer' | 'corrupt' {
  if (coding === 'zstd') return decodeZstdNow(bytes, maxBytes);
  try {
    if (coding === 'gzip') return gunzipNow(bytes, maxBytes);
    const { buffer, engine } = runZlib(coding, bytes, maxBytes);
    return engine.bytesWritten === bytes.length ? buffer : 'corrupt';
  } catch (error) {
    return codeOf(error) === 'ERR_BUFFER_TOO_LARGE' ? 'longer' : 'corrupt';
  }
}

/** With `info`, zlib also says how much it read: it is silent about what stands behind an end. */
type WithInfo = { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };

function runZlib(coding: 'br' | 'deflate', bytes: Buffer, maxOutputLength: number): WithInfo {
  const bounds = { maxOutputLength, info: true };
  const run = () => {
    if (coding === 'br') return zlib.brotliDecompressSync(bytes, { ...BROTLI_PARTIAL, ...bounds });
    const options = { ...ZLIB_PARTIAL, ...bounds };
    return isZlib(bytes) ? zlib.inflateSync(bytes, options) : zlib.inflateRawSync(bytes, options);
  };
  return run() as unknown as WithInfo;
}

function decodeZstdNow(bytes: Buffer, maxBytes: number): Buffer | 'longer' | 'corrupt' {
  const decoder = new ZstdDecoder();
  decoder.push(bytes);
  const pieces: Buffer[] = [];
  let length = 0;
  for (let blocks = 0; blocks <= STEPS_NOW && length <= maxBytes; ) {
    const step = decoder.step();
    if (step === 'corrupt') return 'corrupt';
    if (step === null) return decoder.pendingBytes > 0 ? 'corrupt' : Buffer.concat(pieces);
    if (step.length > 0) blocks += 1;
    length += step.length;
    pieces.push(step);
  }
  return 'longer';
}

/** What comes out at once: each piece is a way to a thread and back. */
const chunkSize = LIMITS.captureHeldBytes;

export type DecodeStream = Duplex & {
  /** Bytes that were read: decoders stop at an end, and at what is not whole, whatever follows. */
  readonly bytesWritten: number;
};

/** A stream for a body that begins like this. What it can give is given before the next write is done. */
export function decodeStream(coding: Coding, first: Buffer): DecodeStream {
  if (coding === 'zstd') return new ZstdStream();
  if (coding === 'br') return zlib.createBrotliDecompress({ ...BROTLI_PARTIAL, chunkSize });
  const options = { ...ZLIB_PARTIAL, chunkSize };
  if (coding === 'gzip') return new GunzipStream(chunkSize);
  return isZlib(first) ? zlib.createInflate(options) : zlib.createInflateRaw(options);
}

/** Meant is zlib's format (RFC 1950); some servers send the bare one. */
function isZlib(bytes: Buffer): boolean {
  return ((bytes[0] ?? 0) & 0x0f) === 8;
}

/** One block a turn of the event loop: others wait no longer than that. */
class ZstdStream extends Transform {
  readonly #decoder = new ZstdDecoder();
  #pushedBytes = 0;

  get bytesWritten(): number {
    return this.#pushedBytes - this.#decoder.pendingBytes;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#decoder.push(chunk);
    this.#pushedBytes += chunk.length;
    const next = () => {
      if (this.destroyed) return;
      const step = this.#decoder.step();
      if (step === null) done();
      else if (step === 'corrupt') done(new Error('not zstd, or more than its content'));
      else {
        if (step.length > 0) this.push(step);
        setImmediate(next);
      }
    };
    next();
  }
}
