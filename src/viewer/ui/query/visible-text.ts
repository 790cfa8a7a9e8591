// Text of others for attributes, where no element can mark what cannot be seen. Pure.

import { visiblePieces } from '../kit/escape.ts';

/** The text with characters that act instead of being seen as escapes. */
export function visibleText(text: string): string {
  return visiblePieces(text)
    .map((piece) => piece.text)
    .join('');
}
