// Undoes the content coding of a body for the eye: a record holds what was on the wire. The bytes are
// hostile: what comes out is bounded by size, by its ratio to what went in, and by time, and work ends
// with it. Runs in a thread (decode-task.ts). Knows nothing of records or files.

import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import * as zlib from 'node:zlib';
import { ZstdDecoder } from '../../shared/zstd/zstd-decoder.ts';

export type Decoded = {
  readonly bytes: Buffer;
  /** There was more, or what follows is damaged. */
  readonly isCut: boolean;
};

/** What the reader of a body may be made to do. */
type DecodeBounds = {
  readonly maxBytes: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
};

/** Text becomes ten times as long, logs thirty times; what becomes more than that is a bomb or blank. */
const MAX_RATIO = 100;
/** A short body of spaces is no bomb: up to here the ratio does not count. */
const RATIO_FLOOR_BYTES = 64 * 1024;
/** A person who clicks a row waits no longer, and the decoder's thread is needed by others. */
const MAX_MS = 200;
/** Given at once: between two of these the clock is looked at, also where nothing comes out. */
const SLICE_BYTES = 64 * 1024;

/** RFC 9110 section 8.4: in the order applied. More than two are no honest sender's. */
const MAX_CODINGS = 2;

/** `Content-Encoding` as received → the codings, in lower case; empty: none, or one not known here. */
export function parseCodings(header: string): string[] {
  const names = header
    .toLowerCase()
    .split(',')
    .map((name) => name.trim().replace(/^x-/, ''))
    .filter((name) => name !== '' && name !== 'identity');
  const isKnown = names.length <= MAX_CODINGS && names.every((name) => CODINGS.has(name));
  return isKnown ? names : [];
}

/** Coded bytes, whole or cut → what they mean, within the bounds; null where they are not that. */
export async function undoCodings(
  bytes: Buffer,
  codings: readonly string[],
  { maxBytes, now }: DecodeBounds,
): Promise<Decoded | null> {
  const byRatio = Math.max(RATIO_FLOOR_BYTES, bytes.length * MAX_RATIO);
  const stopAt = now() + MAX_MS;
  // Of all codings together: a bomb may be wrapped twice.
  const limit = { bytes: Math.min(maxBytes, byRatio), isOver: () => now() > stopAt };
  let current: Decoded = { bytes, isCut: false };
  for (const name of [...codings].reverse()) {
    const undo = CODINGS.get(name);
    if (undo === undefined) return null;
    const next = await undo(current.bytes, limit);
    if (next.bytes.length === 0) return null;
    current = { bytes: next.bytes, isCut: current.isCut || next.isCut };
  }
  return current;
}

/** A copy may be cut anywhere: what there is of it comes out, instead of an error about the rest. */
const PARTIAL = { finishFlush: zlib.constants.Z_SYNC_FLUSH };
const BROTLI_PARTIAL = { finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH };

type Decoder = NodeJS.ReadWriteStream & { destroy(): unknown };

type Undo = (bytes: Buffer, limit: Limit) => Promise<Decoded>;

const CODINGS: ReadonlyMap<string, Undo> = new Map<string, Undo>([
  ['gzip', (bytes, limit) => collect(zlib.createGunzip(PARTIAL), bytes, limit)],
  ['br', (bytes, limit) => collect(zlib.createBrotliDecompress(BROTLI_PARTIAL), bytes, limit)],
  // Meant is zlib's format; some servers send the bare one.
  [
    'deflate',
    (bytes, limit) => {
      const make = isZlib(bytes) ? zlib.createInflate : zlib.createInflateRaw;
      return collect(make(PARTIAL), bytes, limit);
    },
  ],
  // Node 20 has none; the one of later versions would be a second set of bounds.
  ['zstd', async (bytes, limit) => undoZstd(bytes, limit)],
]);

function isZlib(bytes: Buffer): boolean {
  return ((bytes[0] ?? 0) & 0x0f) === 8;
}

type Limit = { readonly bytes: number; readonly isOver: () => boolean };

async function collect(decoder: Decoder, bytes: Buffer, limit: Limit): Promise<Decoded> {
  const chunks: Buffer[] = [];
  let length = 0;
  let isCut = false;
  const cut = () => {
    isCut = true;
    decoder.destroy();
  };
  decoder.on('data', (chunk: Buffer) => {
    length += chunk.length;
    chunks.push(chunk);
    if (length > limit.bytes || limit.isOver()) cut();
  });
  decoder.on('error', () => {
    isCut = true;
  });
  const closed = once(decoder, 'close').catch(() => {});
  for (let at = 0; at < bytes.length && !isCut; at += SLICE_BYTES) {
    const slice = bytes.subarray(at, at + SLICE_BYTES);
    const taken = new Promise<void>((resolve) => decoder.write(slice, () => resolve()));
    await Promise.race([taken, closed]);
    if (limit.isOver()) cut();
  }
  if (!isCut) decoder.end();
  await closed;
  return { bytes: Buffer.concat(chunks).subarray(0, limit.bytes), isCut };
}

/** One block a step, 128 KiB at most: between two of them the limits are looked at. */
function undoZstd(bytes: Buffer, limit: Limit): Decoded {
  const decoder = new ZstdDecoder();
  const chunks: Buffer[] = [];
  let length = 0;
  decoder.push(bytes);
  for (;;) {
    const step = decoder.step();
    const isOver = length > limit.bytes || limit.isOver();
    if (step === null || step === 'corrupt' || isOver) {
      const all = Buffer.concat(chunks).subarray(0, limit.bytes);
      return { bytes: all, isCut: isOver || step === 'corrupt' };
    }
    length += step.length;
    chunks.push(step);
  }
}
