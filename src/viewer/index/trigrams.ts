// Which texts can be in a block of rows: each three characters in a row set one of 65,536 bits. A text
// of which a bit is not set is not in the block; one of which all are set may be. Pure.

/** Bits of one block's signature. */
export const SIGNATURE_BITS = 65_536;
export const SIGNATURE_BYTES = SIGNATURE_BITS / 8;

/** Sets the bits of a text, which is in lower case. */
export function addTrigrams(signature: Uint8Array, text: string): void {
  let first = text.charCodeAt(0);
  let second = text.charCodeAt(1);
  for (let at = 2; at < text.length; at += 1) {
    const third = text.charCodeAt(at);
    const bit = bitOf(first, second, third);
    signature[bit >> 3] = (signature[bit >> 3] ?? 0) | (1 << (bit & 7));
    first = second;
    second = third;
  }
}

/** More of them exclude hardly more blocks, and each is a read. */
const MAX_BITS = 16;

/** Some bits that are set where a text, which is in lower case, stands; none where it is too short. */
export function trigramBits(text: string): number[] {
  const bits = new Set<number>();
  for (let at = 0; at + 2 < text.length; at += 1) {
    bits.add(bitOf(text.charCodeAt(at), text.charCodeAt(at + 1), text.charCodeAt(at + 2)));
  }
  const all = [...bits];
  if (all.length <= MAX_BITS) return all;
  // From all of the text: its beginning is what many have in common.
  return Array.from({ length: MAX_BITS }, (_, n) => {
    return all[Math.floor(((n + 1) * all.length) / MAX_BITS) - 1] ?? 0;
  });
}

function bitOf(first: number, second: number, third: number): number {
  const mixed =
    Math.imul(first, 0x9e37_79b1) ^ Math.imul(second, 0x85eb_ca6b) ^ Math.imul(third, 0xc2b2_ae35);
  return (mixed ^ (mixed >>> 15)) >>> 16;
}
