// One row of the record → one line of text, in columns. Pure. Everything in a row is hostile: it goes
// through `paint` or `show`, and what has a colour has a word, too.

import { visibleJson } from '../../../shared/visible-text.ts';
import type { Row, RowClass } from '../../store/row.ts';
import { type Paint, show, type Tint } from '../paint.ts';

export type RowForm = {
  readonly paint: Paint;
  /** Of the terminal; null: no terminal, so nothing is cut. */
  readonly columns: number | null;
};

const WORDS: Readonly<Record<RowClass, string>> = {
  allowed: 'allowed',
  would_block: 'would-block',
  blocked: 'BLOCKED',
  error: 'error',
  uninspected: 'unseen',
  running: 'running',
  event: 'event',
  damaged: 'DAMAGED',
};
const TINTS: Readonly<Partial<Record<RowClass, Tint>>> = {
  allowed: 'green',
  would_block: 'yellow',
  blocked: 'red',
  error: 'red',
  uninspected: 'cyan',
  running: 'cyan',
  damaged: 'red',
};

/** Below it there is no room for sizes, times and dates. */
const WIDE = 120;
/** No line is longer for a pipe: of a URL of 64 KiB the record has the rest. */
const MAX_TEXT = 4000;

/** A line without its newline. */
export function rowText(row: Row, { paint, columns }: RowForm): string {
  const isWide = columns === null || columns >= WIDE;
  const tint = TINTS[row.class];
  const word = WORDS[row.class].padEnd(11);
  const fixed: (readonly [string] | readonly [string, Tint | undefined])[] = [
    [timeText(row.ts, isWide), 'dim'],
    [cell(row.id, isWide ? 12 : 9)],
    [word, tint],
    [cell(row.agent || row.client, isWide ? 18 : 12)],
    ...(isWide
      ? ([
          [(row.status === null ? '' : String(row.status)).padStart(3)],
          [sizeText(row).padStart(5)],
          [tookText(row.duration_ms).padStart(6)],
        ] as const)
      : []),
    [cell(row.method, 7)],
  ];
  const used = fixed.reduce((sum, [text]) => sum + widthOf(text) + 1, 0);
  const left = columns === null ? Number.POSITIVE_INFINITY : Math.max(10, columns - used);
  const what = cut(show(whatText(row)), left);
  const start = fixed.map(([text, color]) => (color === undefined ? text : paint(color, text)));
  return [...start, what].join(' ').trimEnd();
}

/** The same for a program: a row as the API has it. */
export function rowJson(row: Row): string {
  return visibleJson(row);
}

/** Seconds since 1970 → UTC; without the year where there is no room. */
export function timeText(ts: number, isLong = true): string {
  const date = new Date(ts * 1000);
  if (Number.isNaN(date.getTime())) return 'no time'.padEnd(isLong ? 20 : 14);
  const text = date.toISOString();
  return isLong ? `${text.slice(0, 19)}Z` : `${text.slice(5, 10)} ${text.slice(11, 19)}`;
}

/** What was asked for, or what happened, and why it was not done. */
function whatText(row: Row): string {
  if (row.host === '' && row.client === '') {
    return `${row.event.replaceAll('_', ' ')}  ${row.summary}`.slice(0, MAX_TEXT);
  }
  const isTold = row.class === 'blocked' || row.class === 'error';
  const note = row.summary || (isTold ? row.reason : '');
  return `${urlText(row)}${note === '' ? '' : `  ${note}`}`.slice(0, MAX_TEXT);
}

/** The original wrote paths alone, and a CONNECT names no more than a host. */
function urlText({ url, host, port }: Row): string {
  if (url !== '' && !url.startsWith('/')) return url;
  const name = host.includes(':') ? `[${host}]` : host;
  return `${name}${port === null ? '' : `:${port}`}${url}`;
}

function sizeText({ bytes, status }: Row): string {
  if (bytes === 0) return status === null ? '' : '0';
  const units = ['', 'K', 'M', 'G', 'T'];
  let [value, unit] = [bytes, 0];
  for (; value >= 999.5 && unit < units.length - 1; unit += 1) value /= 1024;
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)}${units[unit]}`;
}

function tookText(ms: number | null): string {
  if (ms === null) return '';
  if (ms < 999.5) return `${Math.round(ms)}ms`;
  return ms < 99_500 ? `${(ms / 1000).toFixed(1)}s` : `${Math.round(ms / 1000)}s`;
}

/** A column of this width: what is longer is cut. */
function cell(text: string, width: number): string {
  const shown = cut(show(text), width);
  return shown + ' '.repeat(Math.max(0, width - widthOf(shown)));
}

/** As many columns of it as there is room for; an ellipsis says that there is more. */
function cut(text: string, width: number): string {
  // Far below any width, each character is counted.
  if (text.length <= width && !WIDE_CHARS.test(text)) return text;
  let used = 0;
  let kept = '';
  for (const char of text) {
    const next = used + (WIDE_CHARS.test(char) ? 2 : 1);
    if (next > width) return `${trimTo(kept, width - 1)}…`;
    used = next;
    kept += char;
  }
  return kept;
}

function trimTo(text: string, width: number): string {
  const chars = [...text];
  while (widthOf(chars.join('')) > width) chars.pop();
  return chars.join('');
}

/** Characters that take two columns: the scripts of East Asia, and emoji. */
const WIDE_CHARS =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += WIDE_CHARS.test(char) ? 2 : 1;
  return width;
}
