// Texts of agents in what people read and machines parse: comments of a YAML file, lines of a terminal.
// Pure. What is shown is ASCII on one line, whatever was recorded.

const MAX_SHOWN = 120;

/** Any text as ASCII that ends no line; brackets are escaped, too: a policy file may have so many of them only. */
export function plainText(text: string, maxChars = MAX_SHOWN): string {
  const short = text.length > maxChars ? `${text.slice(0, maxChars)}...` : text;
  return short.replace(/[^\x20-\x7e]|[[\]{}]/g, escaped);
}

/** A text in the quotes of JSON, which is YAML, too: it cannot mean anything else. */
export function yamlText(text: string): string {
  return JSON.stringify(text).replace(/[^\x20-\x7e]|[[\]{}]/g, escaped);
}

/** Seconds since 1970 → `2026-01-31 18:00`, UTC; what is no time is a question mark. */
export function plainTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? '?' : date.toISOString().slice(0, 16).replace('T', ' ');
}

/** `1204331` → `1,204,331`. */
export function plainCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
