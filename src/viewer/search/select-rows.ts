// A query and an index → which rows of the segment answer, as far as the index knows. What it cannot say
// (texts, bodies, values that are in no dictionary) is a maybe: the line decides. The tests are those of
// row-match.ts, asked once for each value of a dictionary instead of once for each row.

import {
  parseSize,
  parseTime,
  type Query,
  type QueryTerm,
  spanSeconds,
} from '../../shared/query.ts';
import {
  type Coded,
  FLAG_VALUES,
  fromFlags,
  type Numeric,
  OTHER,
  type SegmentIndex,
  type Value,
} from '../index/segment-index.ts';
import { EMPTY_ROW, type Row } from '../store/row.ts';
import { compares, compileQuery, type RowPredicate } from '../store/row-match.ts';
import { both, possibleBlocks } from './possible-blocks.ts';
import { codesOf, markCodes } from './value-codes.ts';

export const NO = 0;
export const YES = 1;
export const MAYBE = 2;
type Verdict = (row: number) => number;

export type Selection = {
  readonly verdict: Verdict;
  /** Of each block of rows: 0 = no row of it answers. Null: nothing is known of blocks. */
  readonly blocks: Uint8Array | null;
  /** No row of the segment answers. */
  readonly isEmpty: boolean;
  /** Each row answers. */
  readonly isAll: boolean;
};

/** Compiled once for a search, asked for every segment. */
export class RowSelector {
  readonly #terms: readonly { readonly term: QueryTerm; readonly test: RowPredicate }[];
  readonly #nowS: number;

  constructor(query: Query, nowS: number) {
    this.#nowS = nowS;
    this.#terms = query.terms.map((term) => {
      const positive = { ...term, negated: false };
      return { term, test: compileQuery({ terms: [positive], notes: [] }, nowS) };
    });
  }

  /** `isOver`: asked between turns; what was not looked at in time is a maybe. */
  async select(
    index: SegmentIndex,
    segment: number,
    isOver: () => boolean = () => false,
  ): Promise<Selection> {
    const verdicts: Verdict[] = [];
    let blocks: Uint8Array | null = null;
    for (const { term, test } of this.#terms) {
      const asked = { index, segment, term, test, nowS: this.#nowS, isOver };
      const known = await verdictOf(asked);
      const verdict = term.negated ? not(known) : known;
      if (verdict === 'none') return NOTHING;
      if (verdict !== 'all') verdicts.push(verdict);
      const possible = await possibleBlocks(index, term);
      if (possible !== null) blocks = blocks === null ? possible : both(blocks, possible);
      if (blocks !== null && !blocks.includes(1)) return NOTHING;
    }
    const [first, ...others] = verdicts;
    if (first === undefined) return { verdict: () => YES, blocks, isEmpty: false, isAll: true };
    const verdict = others.length === 0 ? first : (row: number) => all(verdicts, row);
    return { verdict, blocks, isEmpty: index.rows === 0, isAll: false };
  }
}

const NOTHING: Selection = { verdict: () => NO, blocks: null, isEmpty: true, isAll: false };

type Known = Verdict | 'all' | 'none';

type Asked = {
  readonly index: SegmentIndex;
  readonly segment: number;
  readonly term: QueryTerm;
  readonly test: RowPredicate;
  readonly nowS: number;
  readonly isOver: () => boolean;
};

async function verdictOf(asked: Asked): Promise<Known> {
  const { index, term, test, nowS } = asked;
  const { field, values } = term;
  switch (field) {
    case 'text':
    case 'header':
    case 'body':
    case 'url':
    case 'id':
      return () => MAYBE;
    case 'client': {
      return either(await named(asked, 'client'), await named(asked, 'agent'));
    }
    case 'agent':
    case 'host':
    case 'method':
    case 'reason':
    case 'rule':
    case 'event':
      return named(asked, field);
    case 'status':
    case 'port': {
      const probe = { ...EMPTY_ROW };
      return byValue(asked, field, (value) => {
        if (typeof value === 'string') return false;
        probe[field] = value;
        return test(probe, {});
      });
    }
    case 'policy':
      return byValue(
        asked,
        field,
        (policy) => typeof policy !== 'string' && test(EMPTY_ROW, { policy }),
      );
    case 'class':
      return flagged(index, (flags) => test(rowOf(flags), {}));
    case 'is': {
      // Flags stand in places of their own; of several one is enough.
      const known = await Promise.all(values.map((value) => isVerdict(asked, value)));
      return known.reduce(either);
    }
    case 'bytes':
      return numeric(index, 'bytes', term, nowS);
    case 'sent':
      return numeric(index, 'req_bytes', term, nowS);
    case 'took':
      return numeric(index, 'duration_ms', term, nowS);
    case 'since':
    case 'until': {
      // What holds at both ends holds between them: each of them has one border.
      const atStart = test({ ...EMPTY_ROW, ts: index.minTs }, {});
      const atEnd = test({ ...EMPTY_ROW, ts: index.maxTs }, {});
      if (atStart === atEnd) return atStart ? 'all' : 'none';
      return numeric(index, 'ts', term, nowS);
    }
  }
}

async function isVerdict(asked: Asked, flag: string): Promise<Known> {
  const { index, segment } = asked;
  const test = compileQuery({ terms: [isTerm(flag)], notes: [] }, 0);
  if (flag === 'unchained') return segment === 0 ? 'all' : 'none';
  if (flag === 'internet') return byValue(asked, 'host', probing('host', test));
  return flagged(index, (flags) => fromFlags(flags).truncated);
}

function isTerm(flag: string): QueryTerm {
  return { field: 'is', values: [flag], comparison: '=', negated: false, start: 0, end: 0 };
}

function rowOf(flags: number): Row {
  const { name, wouldBlock } = fromFlags(flags);
  return { ...EMPTY_ROW, class: name, would_block: wouldBlock };
}

type Named = 'client' | 'agent' | 'host' | 'method' | 'reason' | 'rule' | 'event';

/** Names are looked up, patterns are held against each value. */
async function named(asked: Asked, name: Named): Promise<Known> {
  const { term, nowS } = asked;
  const patterns = term.values.filter((value) => value.includes('*'));
  const exact = term.values.filter((value) => !value.includes('*'));
  const known = await codesOf(
    await asked.index.values(name),
    exact.map((value) => value.toLowerCase()),
  );
  const positive = { ...term, values: patterns, negated: false };
  const test = compileQuery({ terms: [positive], notes: [] }, nowS);
  return byValue(asked, name, patterns.length === 0 ? null : probing(name, test), known);
}

function probing(name: Named, test: RowPredicate): (value: Value) => boolean {
  const probe = { ...EMPTY_ROW };
  return (value) => {
    if (typeof value !== 'string') return false;
    probe[name] = value;
    return test(probe, {});
  };
}

async function byValue(
  { index, term, isOver }: Asked,
  name: Coded,
  holds: ((value: Value) => boolean) | null,
  known: readonly number[] = [],
): Promise<Known> {
  const values = await index.values(name);
  const table = new Uint8Array(values.length);
  if (holds !== null) {
    const weight = term.values.reduce((sum, value) => sum + value.split('*').length, 0);
    const end = await markCodes(values, table, { holds, weight, isOver });
    table.fill(MAYBE, end);
  }
  for (const code of known) if (code < table.length) table[code] = YES;
  const codes = await index.numbers(name);
  if (!table.some((mark) => mark !== NO) && !hasCode(codes, OTHER)) return 'none';
  table[OTHER] = MAYBE;
  return (row) => table[codes[row] ?? 0] ?? MAYBE;
}

function hasCode(codes: ArrayLike<number>, code: number): boolean {
  // Of a typed array it is many times faster than of a list in general.
  if (codes instanceof Float64Array || codes instanceof Uint16Array) return codes.includes(code);
  return Array.prototype.includes.call(codes, code);
}

async function flagged(index: SegmentIndex, holds: (flags: number) => boolean): Promise<Known> {
  const table = Uint8Array.from({ length: FLAG_VALUES }, (_, flags) => (holds(flags) ? 1 : 0));
  const flags = await index.numbers('flags');
  return (row) => table[flags[row] ?? 0] ?? NO;
}

async function numeric(
  index: SegmentIndex,
  name: Exclude<Numeric, 'offset' | 'length' | 'flags'>,
  { field, values, comparison }: QueryTerm,
  nowS: number,
): Promise<Known> {
  const numbers = await index.numbers(name);
  const wanted = values.map((value) => numberOf(field, value, nowS));
  const how = field === 'since' ? '>=' : field === 'until' ? '<' : comparison;
  const [first = 0] = wanted;
  if (wanted.length === 1) return (row) => (compares(numbers[row] ?? 0, how, first) ? YES : NO);
  return (row) => (wanted.some((each) => compares(numbers[row] ?? 0, how, each)) ? YES : NO);
}

/** As row-match.ts understands them. No number compares with a missing one, which is NaN here. */
function numberOf(field: QueryTerm['field'], value: string, nowS: number): number {
  if (field === 'took') return (spanSeconds(value) ?? 0) * 1000;
  if (field === 'since' || field === 'until') return parseTime(value, nowS) ?? 0;
  return parseSize(value) ?? 0;
}

function not(known: Known): Known {
  if (known === 'all') return 'none';
  if (known === 'none') return 'all';
  return (row) => {
    const verdict = known(row);
    return verdict === MAYBE ? MAYBE : 1 - verdict;
  };
}

function either(a: Known, b: Known): Known {
  if (a === 'all' || b === 'none') return a;
  if (b === 'all' || a === 'none') return b;
  return (row) => {
    const first = a(row);
    if (first === YES) return YES;
    const second = b(row);
    return second === YES ? YES : Math.max(first, second);
  };
}

function all(verdicts: readonly Verdict[], row: number): number {
  let result = YES;
  for (const verdict of verdicts) {
    const one = verdict(row);
    if (one === NO) return NO;
    if (one === MAYBE) result = MAYBE;
  }
  return result;
}
