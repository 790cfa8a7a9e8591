// Makes characters visible that act instead of being seen: controls, bidi overrides, zero-width
// ones. Pure. Page and terminal show hostile text; it must not be able to look like something else.

export type Piece = { readonly text: string; readonly escaped: boolean };

// Controls without newline and tab; C1; soft hyphen; bidi marks and overrides (CVE-2021-42574);
// zero-width characters; line separators; tags; lone surrogates.
const ACTING =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\u{e0000}-\u{e007f}]|[\ud800-\udfff]/gu;

/** Text → pieces in order; those with `escaped` stand for one character that cannot be seen. */
export function visiblePieces(text: string, keepNewlines = false): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(ACTING)) push(match[0], match.index);
  if (!keepNewlines) return splitLines([...pieces, plain(text.slice(from))]);
  return [...pieces, plain(text.slice(from))].filter((piece) => piece.text !== '');

  function push(char: string, index: number): void {
    pieces.push(plain(text.slice(from, index)), { text: escapeChar(char), escaped: true });
    from = index + char.length;
  }
}

/** The same in one text, where there can be no elements: an option, a title. */
export function visibleText(text: string): string {
  return visiblePieces(text)
    .map((piece) => piece.text)
    .join('');
}

/** A value → JSON in which such characters are escaped, so that it may be printed and still be parsed. */
export function visibleJson(value: unknown): string {
  return JSON.stringify(value).replace(ACTING, (char) =>
    char
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** One character as an escape that says which it is. */
export function escapeChar(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (char === '\n') return '\\n';
  if (char === '\t') return '\\t';
  if (char === '\r') return '\\r';
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u{${code.toString(16).padStart(4, '0')}}`;
}

function plain(text: string): Piece {
  return { text, escaped: false };
}

/** In one line of a table a newline and a tab cannot be seen either. */
function splitLines(pieces: readonly Piece[]): Piece[] {
  return pieces.flatMap((piece) => {
    if (piece.escaped || !/[\n\t]/.test(piece.text)) return piece.text === '' ? [] : [piece];
    return piece.text
      .split(/([\n\t])/)
      .filter((part) => part !== '')
      .map((part) =>
        part === '\n' || part === '\t' ? { text: escapeChar(part), escaped: true } : plain(part),
      );
  });
}
