// What values the rows of a query have, the most frequent first: the lists beside the log, and what the
// query box offers to complete.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Query } from '../../shared/query.ts';
import { FLAG_VALUES, fromFlags, OTHER, type SegmentIndex } from '../index/segment-index.ts';
import type { Row } from '../store/row.ts';
import { countRows, type IndexTally, type Reach, type Tally } from './count-rows.ts';
import type { Searcher } from './searcher.ts';

export const FACET_FIELDS = [
  'class',
  'host',
  'client',
  'agent',
  'method',
  'status',
  'reason',
  'port',
  'event',
  'rule',
] as const;
export type FacetField = (typeof FACET_FIELDS)[number];
export type FacetValue = { value: string; count: number };

export type Facets = Reach & {
  /** Without the empty value; of a field that was not asked for there is nothing. */
  fields: Partial<Record<FacetField, FacetValue[]>>;
  /** Rows that answer. */
  total: number;
};

export type FacetAsk = {
  readonly fields: readonly FacetField[];
  readonly limit: number;
  /** Only values that contain this text, those that begin with it first; upper and lower case alike. */
  readonly prefix: string;
};

/** Agents choose names of hosts: beyond so many values of a field the rarest are forgotten. */
const MAX_VALUES = 65_536;
/** Between two turns of the event loop. */
const TURN_VALUES = 8192;

export async function readFacets(
  searcher: Searcher,
  query: Query,
  ask: FacetAsk,
  signal?: AbortSignal,
): Promise<Facets> {
  const tally = new ValueTally(ask);
  const reach = await countRows(searcher, query, tally, signal);
  return {
    fields: await tally.result(ask),
    total: tally.total,
    complete: reach.complete && !tally.hasForgotten,
    searched_back_to: reach.searched_back_to,
  };
}

/** Counts by field and value. */
class ValueTally implements Tally {
  readonly fields: readonly FacetField[];
  readonly #counts: Map<FacetField, Map<string, number>>;
  readonly #wanted: string;
  total = 0;
  hasForgotten = false;

  /** `prefix`: what does not contain it is not listed, and takes no place of what is. */
  constructor({ fields, prefix }: Pick<FacetAsk, 'fields' | 'prefix'>) {
    this.fields = fields;
    this.#wanted = prefix.toLowerCase();
    this.#counts = new Map(fields.map((field) => [field, new Map()]));
  }

  add(row: Row): void {
    this.total += 1;
    for (const field of this.fields) this.count(field, row[field], 1);
  }

  async of(index: SegmentIndex): Promise<IndexTally> {
    const columns = await Promise.all(this.fields.map((field) => columnOf(index, field)));
    const named = columns.filter(({ field }) => field !== 'class');
    return {
      // Values that no dictionary has: they are long, or many, and one of them may be the busiest.
      needsLine: (row) => named.some(({ codes }) => codes[row] === OTHER),
      add: (rows) => {
        this.total += rows.length;
        for (const { codes, counts } of columns) {
          for (const row of rows) {
            const code = codes[row] ?? 0;
            counts[code] = (counts[code] ?? 0) + 1;
          }
        }
      },
      end: async () => {
        for (const { field, values, counts } of columns) {
          for (let code = 0; code < counts.length; code += 1) {
            const count = counts[code] ?? 0;
            if (count > 0) this.count(field, values[code] ?? null, count);
            if (code % TURN_VALUES === TURN_VALUES - 1) await nextTurn();
          }
        }
      },
    };
  }

  count(field: FacetField, value: string | number | null, rows: number): void {
    const counts = this.#counts.get(field);
    if (counts === undefined || value === null || value === '') return;
    const name = String(value);
    if (this.#wanted !== '' && !name.toLowerCase().includes(this.#wanted)) return;
    counts.set(name, (counts.get(name) ?? 0) + rows);
    if (counts.size > MAX_VALUES) this.#forget(field, counts);
  }

  async result({ limit }: Pick<FacetAsk, 'limit'>): Promise<Facets['fields']> {
    const fields: Facets['fields'] = {};
    for (const [field, counts] of this.#counts) {
      const best = new BestValues(limit, this.#wanted);
      let seen = 0;
      for (const [value, count] of counts) {
        best.offer(value, count);
        seen += 1;
        if (seen % TURN_VALUES === 0) await nextTurn();
      }
      fields[field] = best.values();
    }
    return fields;
  }

  /** The busier half stays. */
  #forget(field: FacetField, counts: Map<string, number>): void {
    const least = Uint32Array.from(counts.values()).sort()[MAX_VALUES / 2] ?? 0;
    const kept = [...counts].filter(([, count]) => count > least);
    for (const entry of counts) {
      if (kept.length >= MAX_VALUES / 2) break;
      if (entry[1] === least) kept.push(entry);
    }
    this.#counts.set(field, new Map(kept));
    this.hasForgotten = true;
  }
}

type Candidate = FacetValue & { readonly begins: boolean };

/** The first few by rank, without an order of all: those that begin with what is wanted, then by count. */
class BestValues {
  readonly #limit: number;
  readonly #wanted: string;
  readonly #best: Candidate[] = [];

  constructor(limit: number, wanted: string) {
    this.#limit = limit;
    this.#wanted = wanted;
  }

  offer(value: string, count: number): void {
    const begins = this.#wanted === '' || value.toLowerCase().startsWith(this.#wanted);
    const next = { value, count, begins };
    const last = this.#best.at(-1);
    if (this.#best.length === this.#limit && last !== undefined && !isBetter(next, last)) return;
    const place = this.#best.findLastIndex((other) => !isBetter(next, other)) + 1;
    this.#best.splice(place, 0, next);
    if (this.#best.length > this.#limit) this.#best.pop();
  }

  values(): FacetValue[] {
    return this.#best.map(({ value, count }) => ({ value, count }));
  }
}

function isBetter(a: Candidate, b: Candidate): boolean {
  if (a.begins !== b.begins) return a.begins;
  return a.count === b.count ? a.value < b.value : a.count > b.count;
}

async function columnOf(index: SegmentIndex, field: FacetField) {
  if (field === 'class') {
    const values = Array.from({ length: FLAG_VALUES }, (_, flags) => fromFlags(flags).name);
    return { field, values, codes: await index.numbers('flags'), counts: newCounts(FLAG_VALUES) };
  }
  const values = await index.values(field);
  return { field, values, codes: await index.numbers(field), counts: newCounts(values.length) };
}

function newCounts(length: number): Uint32Array {
  return new Uint32Array(length);
}
