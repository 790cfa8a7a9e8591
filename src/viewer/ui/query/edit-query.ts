// What buttons do to a query: a term is turned round or taken out, a value filtered for or out, a
// range of time set. Pure: text in, text out; the language itself is `shared/query.ts`.

import {
  formatTerm,
  parseQuery,
  parseTime,
  type QueryField,
  type QueryTerm,
  setTerm,
} from '../../../shared/query.ts';

/** `in`: the query asks for the value; `out`: it excludes it. */
type ValueState = 'in' | 'out' | 'none';
/** Seconds since 1970; null: open at this end. */
type TimeRange = { readonly since: number | null; readonly until: number | null };

/** The query without one of its terms. */
export function removeTerm(text: string, { start, end }: { start: number; end: number }): string {
  return `${text.slice(0, start).trimEnd()} ${text.slice(end).trimStart()}`.trim();
}

/** The query with a term that excludes what it asked for, or the reverse. */
export function turnTerm(text: string, { start, negated }: QueryTerm): string {
  return negated
    ? text.slice(0, start) + text.slice(start + 1)
    : `${text.slice(0, start)}-${text.slice(start)}`;
}

/** Applies a change to the term that is written like this; a query without it stays as it is. */
export function changeTerm(
  text: string,
  written: string,
  change: (text: string, term: QueryTerm) => string,
): string {
  const term = parseQuery(text).terms.find(({ start, end }) => text.slice(start, end) === written);
  return term === undefined ? text : change(text, term).trim();
}

/** Whether a query asks for a value of a field, or excludes it. */
export function stateOf(text: string, field: QueryField, value: string): ValueState {
  if (namedValues(text, field, false).includes(value)) return 'in';
  return namedValues(text, field, true).includes(value) ? 'out' : 'none';
}

/** Asks for a value beside those of the field that are asked for already; again: no longer. */
export function filterFor(text: string, field: QueryField, value: string): string {
  const asked = namedValues(text, field, false);
  const next = asked.includes(value) ? asked.filter((each) => each !== value) : [...asked, value];
  return setTerm(
    setExcluded(text, field, without(namedValues(text, field, true), value)),
    field,
    next,
  );
}

/** Excludes a value; again: no longer. */
export function filterOut(text: string, field: QueryField, value: string): string {
  const excluded = namedValues(text, field, true);
  if (excluded.includes(value)) return setExcluded(text, field, without(excluded, value));
  const asked = namedValues(text, field, false);
  const rest = asked.includes(value) ? setTerm(text, field, without(asked, value)) : text;
  return setExcluded(rest, field, [...excluded, value]);
}

/** Asks for this value of a field and no other; again: the same. */
export function showOnly(text: string, field: QueryField, value: string): string {
  return filterFor(setTerm(text, field, []), field, value);
}

/** Excludes a value; again: the same. */
export function hideValue(text: string, field: QueryField, value: string): string {
  return stateOf(text, field, value) === 'out' ? text : filterOut(text, field, value);
}

/** The query without any term of a field: what else there is to choose from. */
export function withoutField(text: string, field: QueryTerm['field']): string {
  let rest = text;
  for (const term of [...parseQuery(text).terms].reverse()) {
    if (term.field === field) rest = removeTerm(rest, term);
  }
  return rest;
}

/** The query for a range of time: from the first second on, up to and without the last one. */
export function setRange(text: string, { since, until }: TimeRange): string {
  const plain = withoutField(withoutField(text, 'since'), 'until');
  const from = since === null ? plain : setTerm(plain, 'since', [formatInstant(since)]);
  return until === null ? from : setTerm(from, 'until', [formatInstant(until)]);
}

/** The range of time that a query names. `now`: seconds; relative times count back from it. */
export function rangeOf(text: string, now: number): TimeRange {
  const timesOf = (field: 'since' | 'until') =>
    namedValues(text, field, false).flatMap((value) => parseTime(value, now) ?? []);
  const [since, until] = [timesOf('since'), timesOf('until')];
  return {
    since: since.length === 0 ? null : Math.max(...since),
    until: until.length === 0 ? null : Math.min(...until),
  };
}

/** Seconds → `2026-01-31T10:42:00Z`, to the millisecond where it is no whole second. */
export function formatInstant(seconds: number): string {
  return new Date(Math.round(seconds * 1000)).toISOString().replace('.000Z', 'Z');
}

/** Values that are named as such: `status:>=400` names none. */
function namedValues(text: string, field: QueryField, negated: boolean): readonly string[] {
  return parseQuery(text)
    .terms.filter(
      (term) => term.field === field && term.negated === negated && term.comparison === '=',
    )
    .flatMap(({ values }) => values);
}

/** All that is excluded of a field stands in one term. */
function setExcluded(text: string, field: QueryField, values: readonly string[]): string {
  let rest = text;
  for (const term of [...parseQuery(text).terms].reverse()) {
    if (term.field === field && term.negated && term.comparison === '=') {
      rest = removeTerm(rest, term);
    }
  }
  return values.length === 0 ? rest : `${rest} ${formatTerm(field, values, true)}`.trim();
}

function without(values: readonly string[], value: string): readonly string[] {
  return values.filter((each) => each !== value);
}
