// A compressed segment: gzip members (RFC 1952) of 256 KiB of input each, so that `zcat` reads it and
// a reader that wants one place inflates one member. Each header carries the member's length in a field of
// its own, so that the next one is found without inflating. Pure: bytes in, bytes out; no zlib.

/** Input of a member; only the last one of a file has less. */
export const MEMBER_INPUT_BYTES = 256 * 1024;
/** Fixed header of 10 bytes, 2 for the length of the extra field, the field of 8. */
export const MEMBER_HEADER_BYTES = 20;
/** CRC-32 and length of the input. */
export const MEMBER_TRAILER_BYTES = 8;

/** Magic, deflate, FEXTRA, no time, no flags, unknown system; XLEN 8; subfield `ls`, 4 bytes. */
const HEAD = Buffer.from([
  0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 8, 0, 0x6c, 0x73, 4, 0, 0, 0, 0, 0,
]);
const LENGTH_AT = 16;

/** Raw deflate bytes, CRC-32 and length of their input → the whole member. */
export function encodeMember(deflated: Buffer, crc32: number, inputBytes: number): Buffer {
  const length = MEMBER_HEADER_BYTES + deflated.length + MEMBER_TRAILER_BYTES;
  const member = Buffer.allocUnsafe(length);
  HEAD.copy(member);
  member.writeUInt32LE(length, LENGTH_AT);
  deflated.copy(member, MEMBER_HEADER_BYTES);
  member.writeUInt32LE(crc32, length - MEMBER_TRAILER_BYTES);
  member.writeUInt32LE(inputBytes, length - 4);
  return member;
}

/** The first bytes of a member → its whole length, or null where it is not one of ours. */
export function memberLength(header: Buffer): number | null {
  if (header.length < MEMBER_HEADER_BYTES) return null;
  if (!header.subarray(0, LENGTH_AT).equals(HEAD.subarray(0, LENGTH_AT))) return null;
  const length = header.readUInt32LE(LENGTH_AT);
  return length > MEMBER_HEADER_BYTES + MEMBER_TRAILER_BYTES ? length : null;
}

/** The last bytes of a member → what its input must be. */
export function readTrailer(trailer: Buffer): { crc32: number; inputBytes: number } {
  return { crc32: trailer.readUInt32LE(0), inputBytes: trailer.readUInt32LE(4) };
}
