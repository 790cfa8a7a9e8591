// Undoes the content coding of a body for the eye: a record holds what was on the wire. The bytes are
// hostile, so output is bounded, and work ends with it. Knows nothing of records or files.

import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
} from 'node:zlib';

export type Decoded = {
  readonly bytes: Buffer;
  /** There was more, or what follows is damaged. */
  readonly isCut: boolean;
};

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

/** Coded bytes, whole or cut → at most `maxBytes` of what they mean; null where they are not that. */
export async function undoCodings(
  bytes: Buffer,
  codings: readonly string[],
  maxBytes: number,
): Promise<Decoded | null> {
  let current: Decoded = { bytes, isCut: false };
  for (const name of [...codings].reverse()) {
    const decoder = CODINGS.get(name)?.(current.bytes);
    if (decoder === undefined) return null;
    const next = await collect(decoder, current.bytes, maxBytes);
    if (next.bytes.length === 0) return null;
    current = { bytes: next.bytes, isCut: current.isCut || next.isCut };
  }
  return current;
}

/** A copy may be cut anywhere: what there is of it comes out, instead of an error about the rest. */
const PARTIAL = { finishFlush: constants.Z_SYNC_FLUSH };

type Decoder = NodeJS.ReadWriteStream & { destroy(): unknown; end(bytes: Buffer): unknown };

type MakeDecoder = (bytes: Buffer) => Decoder;

const CODINGS: ReadonlyMap<string, MakeDecoder> = new Map<string, MakeDecoder>([
  ['gzip', () => createGunzip(PARTIAL)],
  ['br', () => createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH })],
  // Meant is zlib's format; some servers send the bare one.
  ['deflate', (bytes) => (isZlib(bytes) ? createInflate(PARTIAL) : createInflateRaw(PARTIAL))],
]);

function isZlib(bytes: Buffer): boolean {
  return ((bytes[0] ?? 0) & 0x0f) === 8;
}

async function collect(decoder: Decoder, bytes: Buffer, maxBytes: number): Promise<Decoded> {
  const chunks: Buffer[] = [];
  let length = 0;
  let isCut = false;
  decoder.on('data', (chunk: Buffer) => {
    length += chunk.length;
    chunks.push(chunk);
    if (length <= maxBytes) return;
    isCut = true;
    decoder.destroy();
  });
  decoder.on('error', () => {
    isCut = true;
  });
  const closed = once(decoder, 'close');
  decoder.end(bytes);
  await closed.catch(() => {});
  return { bytes: Buffer.concat(chunks).subarray(0, maxBytes), isCut };
}
