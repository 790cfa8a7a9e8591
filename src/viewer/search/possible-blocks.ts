// Which blocks of an index can hold the texts of a term, by their signatures. Knows nothing of columns.

import type { QueryTerm } from '../../shared/query.ts';
import type { SegmentIndex } from '../index/segment-index.ts';
import { trigramBits } from '../index/trigrams.ts';

/** Blocks in which a text of the term can stand, by their signatures; null where they cannot tell. */
export async function possibleBlocks(
  index: SegmentIndex,
  { field, values, negated }: QueryTerm,
): Promise<Uint8Array | null> {
  const isText = field === 'text' || field === 'header';
  if (negated || !(isText || field === 'url' || field === 'id')) return null;
  let blocks: Uint8Array | null = null;
  for (const value of values) {
    const text = value.toLowerCase();
    // Of a pattern all pieces between its stars stand in the field.
    const bits = (isText ? [text] : text.split('*')).flatMap(trigramBits);
    if (bits.length === 0) return null;
    const some = await index.blocksWith(bits);
    blocks = blocks === null ? some : blocks.map((block, at) => block | (some[at] ?? 0));
  }
  return blocks;
}

/** Blocks that are possible by two terms. */
export function both(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((block, at) => block & (b[at] ?? 0));
}
