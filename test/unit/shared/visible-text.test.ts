import { describe, expect, it } from 'vitest';
import { escapeChar, visibleJson, visiblePieces } from '../../../src/shared/visible-text.ts';

/** Escapes in brackets, everything else as it is. */
const shown = (text: string, keepNewlines = false) =>
  visiblePieces(text, keepNewlines)
    .map((piece) => (piece.escaped ? `[${piece.text}]` : piece.text))
    .join('');

describe('visiblePieces()', () => {
  it.each([
    ['a\0b', 'a[\\x00]b'],
    ['\x1b[31mred', '[\\x1b][31mred'],
    ['a\x7fb', 'a[\\x7f]b'],
    ['a\x9bb', 'a[\\x9b]b'],
    ['a\rb', 'a[\\r]b'],
    ['exe\u202egnp.', 'exe[\\u{202e}]gnp.'],
    ['\u2066a\u2069', '[\\u{2066}]a[\\u{2069}]'],
    ['\u200e\u200f\u061c', '[\\u{200e}][\\u{200f}][\\u{061c}]'],
    ['pay\u200bpal', 'pay[\\u{200b}]pal'],
    ['\ufeffa', '[\\u{feff}]a'],
    ['a\u00adb', 'a[\\xad]b'],
    ['a\u2028b\u2029', 'a[\\u{2028}]b[\\u{2029}]'],
    ['\u{e0041}', '[\\u{e0041}]'],
    ['\u3164', '[\\u{3164}]'],
    ['a\ud800b', 'a[\\u{d800}]b'],
    ['\udc00', '[\\u{dc00}]'],
  ])('visiblePieces() makes the characters of %j seen', (text, expected) => {
    expect(shown(text)).toBe(expected);
    expect(shown(text, true)).toBe(expected);
  });

  it.each(['', 'plain <b>&amp;</b>', 'ü 漢字 🙂 👩‍💻'.replace('\u200d', ''), 'עברית'])(
    'visiblePieces() leaves %j alone',
    (text) => expect(shown(text)).toBe(text),
  );

  it('visiblePieces() keeps lines and tabs of a body, and shows them in a row', () => {
    expect(shown('a\n\tb', true)).toBe('a\n\tb');
    expect(shown('a\n\tb')).toBe('a[\\n][\\t]b');
    expect(shown('\n')).toBe('[\\n]');
  });

  it('visiblePieces() gives the text back when the escapes are put back', () => {
    const text = 'a\u202eb\0c\nd\ud800';
    const back = visiblePieces(text, true).map(({ text: piece, escaped }) =>
      escaped
        ? String.fromCodePoint(Number.parseInt(piece.replace(/^\\[ux]|[{}]/g, ''), 16))
        : piece,
    );
    expect(back.join('')).toBe(text);
  });

  it('visiblePieces() gives no empty piece', () => {
    for (const text of ['', '\0\0', 'a\0', '\n\n']) {
      expect(visiblePieces(text).every((piece) => piece.text !== '')).toBe(true);
    }
  });
});

describe('escapeChar()', () => {
  it.each([
    ['\n', '\\n'],
    ['\t', '\\t'],
    ['\x01', '\\x01'],
    ['\u{1f600}', '\\u{1f600}'],
  ])('escapeChar() writes %j as %s', (char, expected) => expect(escapeChar(char)).toBe(expected));
});

describe('visibleJson()', () => {
  it('escapes what acts and nothing else, and is the same value when it is parsed', () => {
    const value = { 'a\u202e': '\x1b[31m\x7f\x9b\u2028\n\u{e0041}\ud800 ü 漢 🙂' };
    const text = visibleJson(value);
    expect(text).toBe(
      '{"a\\u202e":"\\u001b[31m\\u007f\\u009b\\u2028\\n\\udb40\\udc41\\ud800 ü 漢 🙂"}',
    );
    expect(JSON.parse(text)).toEqual(value);
  });
});
