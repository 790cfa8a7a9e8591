// Hostile text → a word of a shell's command line that means exactly that text, in sh, dash, bash, zsh
// and busybox, pasted or run. Pure.
//
// Invariant: no quoted text ends its quotes: whatever it holds, the shell sees one word, and its bytes.

/** What has no meaning to a shell, nor to a terminal that it is pasted into. */
const PLAIN = /^[\x20-\x7e]*$/;

/** Bytes, a character of 0 to 255 each (a header's value) → one word. NUL and a newline at its end are no part of words. */
export function quoteBytes(bytes: string): string {
  if (PLAIN.test(bytes)) return quotePlain(bytes);
  // Escapes of a terminal would act when they are pasted, also inside of quotes.
  // `!` is history to some shells even where all else is quoted; `-` in front begins an option.
  // No program is given a NUL; zsh alone would keep it in the word.
  const given = bytes.replaceAll('\0', '');
  return `"$(printf '${escapeAll(given, /[^A-Za-z0-9 ._:/=,;@+]/g)}')"`;
}

/** Text → one word, of the bytes of its UTF-8. */
export function quoteText(text: string): string {
  return quoteBytes(utf8Of(text));
}

/** Text → its UTF-8, a character for each byte. */
export function utf8Of(text: string): string {
  let bytes = '';
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return bytes;
}

/** Bytes → the format of a `printf` that writes them; it stands in single quotes, in no others. */
export function printfFormat(bytes: string): string {
  return escapeAll(bytes, /^-|[^\x20-\x7e]|['\\%!]/g);
}

function escapeAll(bytes: string, characters: RegExp): string {
  return bytes.replace(
    characters,
    (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
}

function quotePlain(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
