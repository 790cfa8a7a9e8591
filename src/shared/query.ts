// The query language of the search box, the API and the command line: words, and fields with values
// (`host:*.github.com -method:GET status:>=400 since:1h`). Text in, terms out. Pure: knows nothing
// of records; a relative time stays relative.

/** What can be asked for by name, and what its value is. */
export const QUERY_FIELDS = {
  host: 'pattern',
  client: 'pattern',
  agent: 'pattern',
  url: 'pattern',
  method: 'pattern',
  reason: 'pattern',
  rule: 'pattern',
  event: 'pattern',
  id: 'pattern',
  class: 'class',
  status: 'status',
  port: 'count',
  policy: 'count',
  bytes: 'size',
  sent: 'size',
  took: 'span',
  since: 'time',
  until: 'time',
  is: 'flag',
  header: 'text',
  body: 'text',
} as const;
export type QueryField = keyof typeof QUERY_FIELDS;
type Kind = (typeof QUERY_FIELDS)[QueryField];

/** Values of `class:`; a row has one of them. Files of indexes count on the order: new ones go last. */
export const QUERY_CLASSES = [
  'allowed',
  'would_block',
  'blocked',
  'error',
  'uninspected',
  'running',
  'event',
  'damaged',
] as const;
export type QueryClass = (typeof QUERY_CLASSES)[number];
/** Values of `is:`. */
export const QUERY_FLAGS = ['internet', 'truncated', 'unchained'] as const;

export type Comparison = '=' | '>=' | '<=' | '>' | '<';

export type QueryTerm = {
  /** `text`: a word or a phrase without a field, looked for in URL, host, headers and the row. */
  readonly field: QueryField | 'text';
  /** One of these; as typed, without quotes. */
  readonly values: readonly string[];
  readonly comparison: Comparison;
  readonly negated: boolean;
  /** Where it stands in the text. */
  readonly start: number;
  readonly end: number;
};

export type Query = {
  readonly terms: readonly QueryTerm[];
  /** What was understood otherwise than it may be meant; for the person who typed it. */
  readonly notes: readonly string[];
};
export type QueryProblem = {
  readonly problem: string;
  /** The place of what is wrong. */
  readonly start: number;
  readonly end: number;
  /** What was understood before it. */
  readonly terms: readonly QueryTerm[];
};

/** A person types a line; more are no use of a search. Values: of all terms together. */
const MAX_TERMS = 64;
const MAX_VALUES = 64;
/** `-`, a field or nothing, and a comparison: what comes before a value. */
const PREFIX = /(-?)(?:([a-z_]+):)?(>=|<=|>|<)?/y;
const QUOTED = /"((?:[^"\\]|\\.)*)("|$)/y;
const BARE = /[^\s,"]+/y;
const WORD = /[^\s"]+/y;

/** Text → its terms, all of which must hold; or the one thing that is wrong with it, and where. */
export function parseQuery(text: string): Query | QueryProblem {
  const terms: QueryTerm[] = [];
  const notes: string[] = [];
  let values = 0;
  for (let at = skipSpace(text, 0); at < text.length; at = skipSpace(text, at)) {
    const term = readTerm(text, at, notes);
    if ('problem' in term) return { problem: term.problem, start: at, end: term.end, terms };
    values += term.values.length;
    const problem =
      terms.length === MAX_TERMS
        ? `a query has at most ${MAX_TERMS} terms`
        : values > MAX_VALUES
          ? `a query has at most ${MAX_VALUES} values in all, a * stands for many`
          : problemOf(term);
    if (problem !== null) return { problem, start: at, end: term.end, terms };
    terms.push(term);
    at = term.end;
  }
  return { terms, notes };
}

/** Field, values → the text of a term; values are quoted where they must be. */
export function formatTerm(
  field: QueryTerm['field'],
  values: readonly string[],
  negated = false,
): string {
  const list = values.map((value) => quoteWhereNeeded(value, field === 'text')).join(',');
  return `${negated ? '-' : ''}${field === 'text' ? '' : `${field}:`}${list}`;
}

/**
 * A query with these values of a field in the place of those that it has; no values: without the
 * field. Terms that exclude (`-field:`) stay. A text that is no query yet only gets longer.
 */
export function setTerm(
  text: string,
  field: QueryTerm['field'],
  values: readonly string[],
): string {
  const query = parseQuery(text);
  const old = 'problem' in query ? [] : query.terms;
  let rest = text;
  for (const term of [...old].reverse()) {
    if (term.field !== field || term.negated) continue;
    rest = `${rest.slice(0, term.start).trimEnd()} ${rest.slice(term.end).trimStart()}`;
  }
  const added = values.length === 0 ? '' : formatTerm(field, values);
  return `${rest.trim()} ${added}`.trim();
}

/** The values of a field in a query, those that it excludes left out; empty where it names none. */
export function valuesOf(text: string, field: QueryTerm['field']): readonly string[] {
  const query = parseQuery(text);
  if ('problem' in query) return [];
  return query.terms
    .filter((term) => term.field === field && !term.negated)
    .flatMap(({ values }) => values);
}

/** A time as a value: seconds since 1970, or null. `now`: seconds; relative times count back from it. */
export function parseTime(value: string, now: number): number | null {
  const relative = spanSeconds(value);
  if (relative !== null) return now - relative;
  if (/^\d{9,11}(\.\d+)?$/.test(value)) return Number(value);
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/.test(value)) return null;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? null : ms / 1000;
}

/** `1.5mb` → bytes (1 KB = 1024), or null. */
export function parseSize(value: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(b|kb|mb|gb)?$/i.exec(value);
  if (match === null) return null;
  const power = ['b', 'kb', 'mb', 'gb'].indexOf((match[2] ?? 'b').toLowerCase());
  return Number(match[1]) * 1024 ** power;
}

/** `250ms`, `2s`, `5m`, `1h`, `7d` → seconds, or null. */
export function spanSeconds(value: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(value);
  if (match === null) return null;
  const seconds = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }[match[2] ?? 's'];
  return Number(match[1]) * (seconds ?? 1);
}

/** What a field's value is, in words: `takes 200, 4xx or >=400`. */
export function valueHint(field: QueryField): string {
  return VALUE_HINTS[QUERY_FIELDS[field]];
}

/** What is wrong, and where it ends. */
type Fault = { readonly problem: string; readonly end: number };

function readTerm(text: string, start: number, notes: string[]): QueryTerm | Fault {
  const [prefix = '', minus, name, comparison] = matchAt(PREFIX, text, start) ?? [];
  const isField = name !== undefined && Object.hasOwn(QUERY_FIELDS, name);
  if (!isField) {
    if (name !== undefined && !text.startsWith('//', start + prefix.length)) {
      notes.push(`There is no field "${name}": it is searched as text.`);
    }
    return readText(text, start);
  }
  const field = name as QueryField;
  const values: string[] = [];
  let at = start + prefix.length;
  for (;;) {
    const value = readValue(text, at, BARE);
    if (value === null) return { problem: `${field}: needs a value`, end: at };
    if ('problem' in value) return value;
    values.push(value.text);
    at = value.end;
    if (text[at] !== ',') break;
    at += 1;
  }
  const isComparable = !['pattern', 'class', 'flag', 'text'].includes(QUERY_FIELDS[field]);
  if (comparison !== undefined && !isComparable) {
    return { problem: `${field}: has no greater and smaller`, end: at };
  }
  return {
    field,
    values,
    comparison: (comparison ?? '=') as Comparison,
    negated: minus === '-',
    start,
    end: at,
  };
}

function readText(text: string, start: number): QueryTerm | Fault {
  const negated = text[start] === '-' && /[^\s]/.test(text[start + 1] ?? ' ');
  const at = start + (negated ? 1 : 0);
  const value = readValue(text, at, WORD);
  if (value === null) return { problem: 'a quote has no end', end: text.length };
  if ('problem' in value) return value;
  return { field: 'text', values: [value.text], comparison: '=', negated, start, end: value.end };
}

function readValue(
  text: string,
  at: number,
  bare: RegExp,
): { text: string; end: number } | Fault | null {
  const quoted = matchAt(QUOTED, text, at);
  if (quoted !== null) {
    if (quoted[2] === '') return { problem: 'a quote has no end', end: text.length };
    const value = (quoted[1] ?? '').replace(/\\(.)/g, '$1');
    return { text: value, end: at + quoted[0].length };
  }
  const word = matchAt(bare, text, at);
  return word === null ? null : { text: word[0], end: at + word[0].length };
}

function problemOf(term: QueryTerm): string | null {
  if (term.field === 'text') return null;
  const kind: Kind = QUERY_FIELDS[term.field];
  const wrong = term.values.find((value) => !isValue(kind, value));
  return wrong === undefined
    ? null
    : `${term.field}: ${VALUE_HINTS[kind]}, not "${wrong.slice(0, 80)}"`;
}

const VALUE_HINTS: Readonly<Record<Kind, string>> = {
  pattern: 'takes a name, * stands for anything',
  text: 'takes a text',
  class: `takes ${QUERY_CLASSES.join(', ')}`,
  flag: `takes ${QUERY_FLAGS.join(', ')}`,
  status: 'takes 200, 4xx or >=400',
  count: 'takes a number',
  size: 'takes bytes: 500, 10kb, 1.5mb',
  span: 'takes a time: 250ms, 2s, 1m',
  time: 'takes a time ago (15m, 2h, 7d), a date (2026-01-31, 2026-01-31T10:42Z) or seconds since 1970',
};

function isValue(kind: Kind, value: string): boolean {
  switch (kind) {
    case 'pattern':
    case 'text':
      return value !== '';
    case 'class':
      return (QUERY_CLASSES as readonly string[]).includes(value);
    case 'flag':
      return (QUERY_FLAGS as readonly string[]).includes(value);
    case 'status':
      return /^(\d{3}|[1-5]xx)$/i.test(value);
    case 'count':
      return /^\d{1,15}$/.test(value);
    case 'size':
      return parseSize(value) !== null;
    case 'span':
      return spanSeconds(value) !== null;
    case 'time':
      return parseTime(value, 0) !== null;
  }
}

function quoteWhereNeeded(value: string, isText: boolean): string {
  const isPlain = isText ? /^[^\s"\-:][^\s":]*$/.test(value) : /^[^\s",<>][^\s",]*$/.test(value);
  return isPlain ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}

function skipSpace(text: string, at: number): number {
  while (at < text.length && /\s/.test(text[at] ?? '')) at += 1;
  return at;
}

/** A sticky pattern at a place. */
function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
