// Lays out JSON for reading by adding white space between tokens, and changes nothing else: what
// is written twice stays twice, long numbers keep their digits, and a cut text stays cut. Pure.

/** Deeper nesting is not indented further: the text would leave the page. */
const MAX_DEPTH = 40;

/** Whether a text begins like JSON that is worth laying out. */
export function looksLikeJson(text: string): boolean {
  return /^\s*[[{]\s*(?:["[{\]}]|-?\d|true|false|null|$)/.test(text);
}

/** JSON text, whole or cut → the same tokens, one member a line. */
export function prettyJson(text: string): string {
  const out: string[] = [];
  let depth = 0;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') {
      depth += 1;
      out.push(token, newLine(depth));
    } else if (token === '}' || token === ']') {
      depth = Math.max(0, depth - 1);
      const last = out.at(-1);
      const isEmpty = last?.startsWith('\n') && /^[[{]$/.test(out.at(-2) ?? '');
      if (isEmpty) out.pop();
      else out.push(newLine(depth));
      out.push(token);
    } else if (token === ',') out.push(token, newLine(depth));
    else if (token === ':') out.push(': ');
    else out.push(token);
  }
  return out.join('');
}

/** A string (also a cut one), one sign, or what stands between; white space is dropped. */
const TOKEN = /"(?:[^"\\]|\\[\s\S]?)*"?|[[\]{},:]|[^\s[\]{},:"]+/g;

function newLine(depth: number): string {
  return `\n${'  '.repeat(Math.min(depth, MAX_DEPTH))}`;
}
