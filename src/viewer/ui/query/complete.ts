// Completion of a query that is being typed: what stands at the caret, and what could stand there.
// Pure: counts of values are given, not asked for.

import {
  formatTerm,
  QUERY_CLASSES,
  QUERY_FIELDS,
  QUERY_FLAGS,
  type QueryField,
  valueHint,
} from '../../../shared/query.ts';
import type { FacetValue } from '../../search/facets.ts';

/** What the caret is in: a word that may become a field's name, or a value of a field. */
export type Place = {
  readonly field: QueryField | null;
  /** What is typed of it, up to the caret. */
  readonly typed: string;
  /** What a choice replaces. */
  readonly start: number;
  readonly end: number;
};

export type Option = {
  readonly kind: 'field' | 'value' | 'query';
  readonly label: string;
  readonly hint: string;
  readonly count: number | null;
  /** What it puts in its place; of a whole query: the query. */
  readonly insert: string;
};

/** Words, and what stands in quotes, up to the next space. */
const TOKEN = /(?:"(?:[^"\\]|\\.)*(?:"|$)|[^\s"])+/g;
const PREFIX = /^(-?)(?:([a-z_]+):)?(>=|<=|>|<)?/;
/** One value of a list. */
const VALUE = /(?:"(?:[^"\\]|\\.)*(?:"|$)|[^,"])*/y;
const MAX_OPTIONS = 24;

/** Values that are known beforehand. */
const KNOWN_VALUES: Partial<Readonly<Record<QueryField, readonly (readonly [string, string])[]>>> =
  {
    class: QUERY_CLASSES.map((name) => [name, '']),
    is: QUERY_FLAGS.map((name) => [name, '']),
    status: [
      ['2xx', 'success'],
      ['3xx', 'redirection'],
      ['4xx', 'error of the client'],
      ['5xx', 'error of the server'],
      ['>=400', 'any error'],
    ],
    since: [
      ['15m', 'the last 15 minutes'],
      ['1h', 'the last hour'],
      ['24h', 'the last day'],
      ['7d', 'the last week'],
    ],
    until: [
      ['15m', 'what is older than 15 minutes'],
      ['1h', 'what is older than an hour'],
      ['24h', 'what is older than a day'],
    ],
    bytes: [
      ['>10kb', 'answers above 10 KB'],
      ['>1mb', 'answers above 1 MB'],
    ],
    sent: [
      ['>10kb', 'requests above 10 KB'],
      ['>1mb', 'requests above 1 MB'],
    ],
    took: [
      ['>1s', 'longer than a second'],
      ['>10s', 'longer than ten seconds'],
    ],
  };

/** A text and where the caret is in it → what would be completed there. */
export function placeAt(text: string, caret: number): Place {
  for (const token of text.matchAll(TOKEN)) {
    const start = token.index;
    const end = start + token[0].length;
    if (caret < start) break;
    if (caret <= end) return placeIn(token[0], start, caret);
  }
  return { field: null, typed: '', start: caret, end: caret };
}

/** What could stand at a place, the likely first. `counts`: values of the field, as the log has them. */
export function optionsAt(
  { field, typed }: Place,
  counts: readonly FacetValue[],
): readonly Option[] {
  const lower = typed.toLowerCase();
  if (field === null) {
    return Object.keys(QUERY_FIELDS)
      .filter((name) => name.startsWith(lower))
      .map((name) => ({
        kind: 'field' as const,
        label: `${name}:`,
        hint: valueHint(name as QueryField),
        count: null,
        insert: `${name}:`,
      }));
  }
  const known = (KNOWN_VALUES[field] ?? []).filter(([value]) => value.startsWith(lower));
  const counted = counts.filter(({ value }) => value !== '');
  const countOf = (value: string) => counted.find((each) => each.value === value)?.count ?? null;
  const seen = counted.filter(({ value }) => !known.some(([name]) => name === value));
  return [
    ...known.map(([value, hint]) => toOption(value, hint, countOf(value), value)),
    ...seen.map(({ value, count }) => toOption(value, '', count, quoted(field, value))),
  ].slice(0, MAX_OPTIONS);
}

/** The text with a choice in its place, and where the caret goes. */
export function applyOption(
  text: string,
  place: Place,
  option: Option,
): { text: string; caret: number } {
  if (option.kind === 'query') return { text: option.insert, caret: option.insert.length };
  const after = text.slice(place.end);
  // A value that is done leads to the next term.
  const gap = option.kind === 'value' && after === '' ? ' ' : '';
  const before = text.slice(0, place.start) + option.insert + gap;
  return { text: before + after, caret: before.length };
}

function placeIn(token: string, start: number, caret: number): Place {
  const [prefix = '', minus = '', name, comparison = ''] = PREFIX.exec(token) ?? [];
  const at = caret - start;
  const isField = name !== undefined && Object.hasOwn(QUERY_FIELDS, name);
  if (!isField || at < prefix.length - comparison.length) {
    const end = isField ? prefix.length - comparison.length : token.length;
    const typed = token.slice(minus.length, Math.max(minus.length, at));
    return { field: null, typed, start: start + minus.length, end: start + end };
  }
  // A comparison is a part of the value: a choice may bring another one.
  let from = prefix.length - comparison.length;
  for (;;) {
    VALUE.lastIndex = from;
    const value = VALUE.exec(token)?.[0] ?? '';
    const end = from + value.length;
    if (at <= end || end >= token.length) {
      const typed = unquote(token.slice(from, at));
      return { field: name as QueryField, typed, start: start + from, end: start + end };
    }
    from = end + 1;
  }
}

function unquote(text: string): string {
  return text.startsWith('"') ? text.slice(1).replace(/"$/, '').replace(/\\(.)/g, '$1') : text;
}

function quoted(field: QueryField, value: string): string {
  return formatTerm(field, [value]).slice(field.length + 1);
}

function toOption(value: string, hint: string, count: number | null, insert: string): Option {
  return { kind: 'value', label: value, hint, count, insert };
}
