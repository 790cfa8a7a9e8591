// Hostile text as text nodes, with characters that cannot be seen shown as escapes.

import { visiblePieces } from '../../../shared/visible-text.ts';

export function SafeText({ text, lines = false }: { text: string; lines?: boolean }) {
  return visiblePieces(text, lines).map((piece) =>
    piece.escaped ? (
      <span class="esc" title="a character that cannot be seen">
        {piece.text}
      </span>
    ) : (
      piece.text
    ),
  );
}
