// Undoes the content coding of a body for the eye: a record holds what was on the wire. The bytes are
// hostile: what comes out is bounded by size, by its ratio to what went in, and by time, and work ends
// with it. Knows nothing of records or files.

import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import * as zlib from 'node:zlib';

export type Decoded = {
  readonly bytes: Buffer;
  /** There was more, or what follows is damaged. */
  readonly isCut: boolean;
};

/** What the reader of a body may be made to do. */
export type DecodeBounds = {
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
    const decoder = CODINGS.get(name)?.(current.bytes);
    if (decoder === undefined) return null;
    const next = await collect(decoder, current.bytes, limit);
    if (next.bytes.length === 0) return null;
    current = { bytes: next.bytes, isCut: current.isCut || next.isCut };
  }
  return current;
}

/** A copy may be cut anywhere: what there is of it comes out, instead of an error about the rest. */
const PARTIAL = { finishFlush: zlib.constants.Z_SYNC_FLUSH };

type Decoder = NodeJS.ReadWriteStream & { destroy(): unknown };

type MakeDecoder = (bytes: Buffer) => Decoder;

const CODINGS: ReadonlyMap<string, MakeDecoder> = new Map<string, MakeDecoder>([
  ['gzip', () => zlib.createGunzip(PARTIAL)],
  ['br', () => zlib.createBrotliDecompress({ finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH })],
  // Meant is zlib's format; some servers send the bare one.
  [
    'deflate',
    (bytes) => (isZlib(bytes) ? zlib.createInflate(PARTIAL) : zlib.createInflateRaw(PARTIAL)),
  ],
  ...zstd(),
]);

/** Node has it from 22.15 on, and its types not yet. RFC 9659: a window of 8 MiB, or it is refused. */
function zstd(): [string, MakeDecoder][] {
  const { createZstdDecompress: create, constants } = zlib as unknown as ZstdOfNode;
  if (create === undefined) return [];
  const options = {
    finishFlush: constants.ZSTD_e_flush,
    params: { [constants.ZSTD_d_windowLogMax]: 23 },
  };
  return [['zstd', () => create(options)]];
}

type ZstdOfNode = {
  readonly createZstdDecompress?: (options: object) => Decoder;
  readonly constants: { readonly ZSTD_e_flush: number; readonly ZSTD_d_windowLogMax: number };
};

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
