// A query → whether a row answers it. Pure. Compiled once for a search, asked for every row; takes time
// in proportion to the text it looks at: no pattern of a user becomes a regular expression.

import {
  type Comparison,
  parseSize,
  parseTime,
  type Query,
  type QueryTerm,
  spanSeconds,
} from '../../shared/query.ts';
import { isInternetHost } from './internet-host.ts';
import { headerPairs, type Row } from './row.ts';

type Fields = Readonly<Record<string, unknown>>;
/** The record is needed for what a row does not hold: headers, bodies. */
export type RowPredicate = (row: Row, record: Fields) => boolean;

/** `nowS`: relative times count back from it. */
export function compileQuery(query: Query, nowS: number): RowPredicate {
  const tests = query.terms.map((term) => compileTerm(term, nowS));
  return (row, record) => tests.every((test) => test(row, record));
}

function compileTerm(term: QueryTerm, nowS: number): RowPredicate {
  const tests = term.values.map((value) => compileValue(term, value, nowS));
  return (row, record) => tests.some((test) => test(row, record)) !== term.negated;
}

function compileValue({ field, comparison }: QueryTerm, value: string, nowS: number): RowPredicate {
  const text = value.toLowerCase();
  switch (field) {
    case 'text':
      return (row, record) => hasText(row, record, text);
    case 'header':
      return (_, record) => hasHeader(record, text);
    case 'body':
      return (_, record) => hasBody(record, text);
    case 'class':
      return ({ class: name, would_block }) =>
        name === value || (value === 'would_block' && would_block);
    case 'is':
      return FLAGS[value] ?? (() => false);
    case 'host':
      return compileHost(text);
    case 'client': {
      // A person knows a machine by its address or by its name.
      const matches = compilePattern(text);
      return ({ client, agent }) => matches(client) || matches(agent);
    }
    case 'agent':
    case 'url':
    case 'method':
    case 'reason':
    case 'rule':
    case 'event':
    case 'id': {
      const matches = compilePattern(text);
      return (row) => matches(row[field]);
    }
    case 'status':
      return compileStatus(text, comparison);
    case 'port':
      return ({ port }) => port !== null && compares(port, comparison, Number(value));
    case 'policy':
      return (_, { policy }) =>
        typeof policy === 'number' && compares(policy, comparison, Number(value));
    case 'bytes':
      return ({ bytes }) => compares(bytes, comparison, parseSize(value) ?? 0);
    case 'sent':
      return ({ req_bytes }) => compares(req_bytes, comparison, parseSize(value) ?? 0);
    case 'took': {
      const ms = (spanSeconds(value) ?? 0) * 1000;
      return ({ duration_ms }) => duration_ms !== null && compares(duration_ms, comparison, ms);
    }
    case 'since':
    case 'until': {
      const at = parseTime(value, nowS) ?? 0;
      return field === 'since' ? ({ ts }) => ts >= at : ({ ts }) => ts < at;
    }
  }
}

const FLAGS: Readonly<Record<string, RowPredicate>> = {
  // What has no host is of leash itself, and no reason to look elsewhere.
  internet: ({ host }) => host === '' || isInternetHost(host),
  truncated: (_, record) => isTruncated(record),
  unchained: ({ chained }) => !chained,
};

/** Whether a copy of a body in a record is shorter than the body. */
export function isTruncated(record: Fields): boolean {
  return [record.req_truncated, record.res_truncated, record.truncated].some(
    (mark) => mark !== undefined && mark !== '' && mark !== false,
  );
}

/** `*.x` means x and everything below it, as in a policy file; a `*` elsewhere is any text. */
function compileHost(text: string): RowPredicate {
  const matches = compilePattern(text);
  const name = text.startsWith('*.') ? compilePattern(text.slice(2)) : () => false;
  return ({ host }) => matches(host) || name(host);
}

/** Text in lower case, `*` for anything → whether a value is like it, upper and lower case alike. */
function compilePattern(text: string): (value: string) => boolean {
  const [first = '', ...others] = text.split('*');
  if (others.length === 0) return (value) => value.toLowerCase() === text;
  const last = others.pop() ?? '';
  return (value) => {
    const lower = value.toLowerCase();
    if (!lower.startsWith(first) || !lower.endsWith(last)) return false;
    let at = first.length;
    for (const piece of others) {
      const found = lower.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return at <= lower.length - last.length;
  };
}

function compileStatus(text: string, comparison: Comparison): RowPredicate {
  const family = /^(\d)xx$/.exec(text)?.[1];
  if (family === undefined) {
    return ({ status }) => status !== null && compares(status, comparison, Number(text));
  }
  return ({ status }) => status !== null && Math.floor(status / 100) === Number(family);
}

/** Two numbers, and how the first is to stand to the second. */
export function compares(value: number, comparison: Comparison, wanted: number): boolean {
  switch (comparison) {
    case '=':
      return value === wanted;
    case '>':
      return value > wanted;
    case '>=':
      return value >= wanted;
    case '<':
      return value < wanted;
    case '<=':
      return value <= wanted;
  }
}

/** Whether a text, in lower case, stands in the row or in a header. */
export function hasText(row: Row, record: Fields, text: string): boolean {
  const fields = [
    row.url,
    row.host,
    row.client,
    row.agent,
    row.method,
    String(row.status ?? ''),
    row.reason,
    row.rule,
    row.event,
    row.id,
    row.summary,
  ];
  return fields.some((field) => field.toLowerCase().includes(text)) || hasHeader(record, text);
}

function hasHeader(record: Fields, text: string): boolean {
  return [record.req_headers, record.res_headers, record.req_trailers, record.res_trailers].some(
    (list) =>
      headerPairs(list).some(([name, value]) => `${name}: ${value}`.toLowerCase().includes(text)),
  );
}

/** Whether a text, in lower case, is in the copies that stand in this record; those in parts are of other records. */
export function hasBody(record: Fields, text: string): boolean {
  return (['req_', 'res_', ''] as const).some((side) => {
    const body = record[`${side}body`];
    if (typeof body !== 'string') return false;
    const isBase64 = record[`${side}encoding`] === 'base64';
    const copy = isBase64 ? Buffer.from(body, 'base64').toString('latin1') : body;
    return copy.toLowerCase().includes(text);
  });
}
