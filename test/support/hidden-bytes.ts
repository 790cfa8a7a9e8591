// Coded bodies that carry bytes which no decoder gives out.

import * as zlib from 'node:zlib';

/** A member whose head has these flags, and what they announce. */
export function gzipMember(content: Buffer | string, flags = 0, fields = ''): Buffer {
  const plain = zlib.gzipSync(content);
  const head = Buffer.from(plain.subarray(0, 10));
  head[3] = flags;
  return Buffer.concat([head, Buffer.from(fields, 'latin1'), plain.subarray(10)]);
}

/** RFC 8878 3.1.2. */
export function skippableFrame(content: string): Buffer {
  const bytes = Buffer.from(content);
  const head = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]);
  head.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
}

/** RFC 7932 9.2: 256 bytes at most of metadata, and as many of content. */
export function brotliWithMetadata(metadata: string, content: string): Buffer {
  // WBITS 16, not last, no nibbles: metadata, one byte of length.
  const first = bytesOfBits(['0', '0', '11', '0', '10', bitsOf(metadata.length - 1, 8)]);
  const second = bytesOfBits(['0', '00', bitsOf(content.length - 1, 16), '1']);
  const last = Buffer.from([3]);
  return Buffer.concat([first, Buffer.from(metadata), second, Buffer.from(content), last]);
}

/** Raw deflate of this content, and empty blocks behind it. */
export function deflateWithEmptyBlocks(content: string, count: number): Buffer {
  const { Z_SYNC_FLUSH } = zlib.constants;
  const open = zlib.deflateRawSync(content, { finishFlush: Z_SYNC_FLUSH });
  return Buffer.concat([open, Buffer.alloc(count * 5, Buffer.from([0, 0, 0, 0xff, 0xff]))]);
}

/** Least significant bit first. */
function bitsOf(value: number, count: number): string {
  return Array.from({ length: count }, (_, at) => (value >> at) & 1).join('');
}

function bytesOfBits(groups: readonly string[]): Buffer {
  const bits = groups.join('');
  const bytes = Buffer.alloc(Math.ceil(bits.length / 8));
  for (const [at, bit] of Array.from(bits).entries()) {
    if (bit === '1') bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (1 << (at & 7));
  }
  return bytes;
}
