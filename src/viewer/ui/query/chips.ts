// The terms of a query as chips: what each says, in words. Pure.

import { parseQuery, parseTime, type QueryTerm } from '../../../shared/query.ts';
import { removeTerm } from './edit-query.ts';

export type Chip = {
  readonly term: QueryTerm;
  /** As it stands in the query. */
  readonly text: string;
  /** Empty: words without a field. */
  readonly field: string;
  /** `is`, `is not`, `≥`, …; says by a word what is excluded. */
  readonly relation: string;
  readonly value: string;
  /** Whether the reverse makes sense. */
  readonly canTurn: boolean;
};

const RELATIONS = {
  '=': ['is', 'is not'],
  '>=': ['≥', 'not ≥'],
  '<=': ['≤', 'not ≤'],
  '>': ['>', 'not >'],
  '<': ['<', 'not <'],
} as const;

/** A query → its chips, in its order; of a text that is no query, those before what is wrong. */
export function chipsOf(text: string, timeText: (seconds: number) => string): readonly Chip[] {
  return parseQuery(text).terms.map((term) => {
    const { field, values, negated, comparison, start, end } = term;
    const isTime = field === 'since' || field === 'until';
    return {
      term,
      text: text.slice(start, end),
      field: field === 'text' ? '' : field,
      relation: isTime && !negated ? '' : relationOf(term),
      value: values.map((value) => (isTime ? instantText(value, timeText) : value)).join(' or '),
      canTurn: !isTime || negated || comparison !== '=',
    };
  });
}

/** The query without the term that the caret is in: what its values are counted in. */
export function removeTermAt(text: string, caret: number): string {
  const query = parseQuery(text);
  if ('problem' in query) {
    const after = text.slice(query.end);
    const before = text.slice(0, query.start).trim();
    return 'problem' in parseQuery(after) ? before : `${before} ${after.trim()}`.trim();
  }
  const term = query.terms.find(({ start, end }) => caret >= start && caret <= end);
  return term === undefined ? text.trim() : removeTerm(text, term);
}

function relationOf({ field, negated, comparison }: QueryTerm): string {
  const [plain, reverse] =
    field === 'text' || field === 'body' || field === 'header'
      ? (['has', 'has not'] as const)
      : RELATIONS[comparison];
  return negated ? reverse : plain;
}

/** `1h` stays as it is: it moves on with the clock. */
function instantText(value: string, timeText: (seconds: number) => string): string {
  if (/^\d+(\.\d+)?[a-z]+$/.test(value)) return `${value} ago`;
  const seconds = parseTime(value, 0);
  return seconds === null ? value : timeText(seconds);
}
