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
import { trigramBits } from '../index/trigrams.ts';
import { EMPTY_ROW, type Row } from '../store/row.ts';
import { compares, compileQuery, type RowPredicate } from '../store/row-match.ts';

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

  async select(index: SegmentIndex, segment: number): Promise<Selection> {
    const verdicts: Verdict[] = [];
    let blocks: Uint8Array | null = null;
    for (const { term, test } of this.#terms) {
      const known = await verdictOf(index, segment, term, test, this.#nowS);
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

async function verdictOf(
  index: SegmentIndex,
  segment: number,
  term: QueryTerm,
  test: RowPredicate,
  nowS: number,
): Promise<Known> {
  const { field, values } = term;
  switch (field) {
    case 'text':
    case 'header':
    case 'body':
    case 'url':
    case 'id':
      return () => MAYBE;
    case 'client': {
      const byAddress = await coded(index, 'client', (client) =>
        test({ ...EMPTY_ROW, client }, {}),
      );
      const byName = await coded(index, 'agent', (agent) => test({ ...EMPTY_ROW, agent }, {}));
      return either(byAddress, byName);
    }
    case 'agent':
    case 'host':
    case 'method':
    case 'reason':
    case 'rule':
    case 'event':
      return coded(index, field, (value) => test({ ...EMPTY_ROW, [field]: value }, {}));
    case 'status':
    case 'port':
      return codedNumber(index, field, (value) => test({ ...EMPTY_ROW, [field]: value }, {}));
    case 'policy':
      return codedNumber(index, field, (value) => test(EMPTY_ROW, { policy: value }));
    case 'class':
      return flagged(index, (flags) => test(rowOf(flags), {}));
    case 'is': {
      // Flags stand in places of their own; of several one is enough.
      const known = await Promise.all(values.map((value) => isVerdict(index, segment, value)));
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

async function isVerdict(index: SegmentIndex, segment: number, flag: string): Promise<Known> {
  const test = compileQuery({ terms: [isTerm(flag)], notes: [] }, 0);
  if (flag === 'unchained') return segment === 0 ? 'all' : 'none';
  if (flag === 'internet') return coded(index, 'host', (host) => test({ ...EMPTY_ROW, host }, {}));
  return flagged(index, (flags) => fromFlags(flags).truncated);
}

function isTerm(flag: string): QueryTerm {
  return { field: 'is', values: [flag], comparison: '=', negated: false, start: 0, end: 0 };
}

function rowOf(flags: number): Row {
  const { name, wouldBlock } = fromFlags(flags);
  return { ...EMPTY_ROW, class: name, would_block: wouldBlock };
}

function coded(index: SegmentIndex, name: Coded, holds: (value: string) => boolean) {
  return byValue(index, name, (value) => typeof value === 'string' && holds(value));
}

function codedNumber(
  index: SegmentIndex,
  name: Coded,
  holds: (value: number | null) => boolean,
): Promise<Known> {
  return byValue(index, name, (value) => typeof value !== 'string' && holds(value));
}

async function byValue(
  index: SegmentIndex,
  name: Coded,
  holds: (value: Value) => boolean,
): Promise<Known> {
  const values = await index.values(name);
  const table = new Uint8Array(values.length);
  for (let code = 1; code < values.length; code += 1)
    table[code] = holds(values[code] ?? null) ? 1 : 0;
  const codes = await index.numbers(name);
  if (!table.includes(1) && !hasCode(codes, OTHER)) return 'none';
  table[OTHER] = MAYBE;
  return (row) => table[codes[row] ?? 0] ?? MAYBE;
}

function hasCode(codes: ArrayLike<number>, code: number): boolean {
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

/** Blocks in which a text of the term can stand, by their signatures; null where they cannot tell. */
async function possibleBlocks(
  index: SegmentIndex,
  { field, values, negated }: QueryTerm,
): Promise<Uint8Array | null> {
  const isText = field === 'text' || field === 'header';
  if (negated || !(isText || field === 'url' || field === 'id')) return null;
  let blocks: Uint8Array | null = null;
  for (const value of values) {
    const text = value.toLowerCase();
    // Of a pattern all pieces between its stars stand in the field.
    const bits = (isText ? [text] : text.split('*')).flatMap(trigramBits);
    if (bits.length === 0) return null;
    const some = await index.blocksWith(bits);
    blocks = blocks === null ? some : blocks.map((block, at) => block | (some[at] ?? 0));
  }
  return blocks;
}

function both(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((block, at) => block & (b[at] ?? 0));
}
