// What values the rows of a query have, the most frequent first: the lists beside the log, and what the
// query box offers to complete.

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

export async function readFacets(searcher: Searcher, query: Query, ask: FacetAsk): Promise<Facets> {
  const tally = new ValueTally(ask);
  const reach = await countRows(searcher, query, tally);
  return {
    fields: tally.result(ask),
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
      end: () => {
        for (const { field, values, counts } of columns) {
          counts.forEach((count, code) => {
            if (count > 0) this.count(field, values[code] ?? null, count);
          });
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

  result({ limit }: Pick<FacetAsk, 'limit'>): Facets['fields'] {
    const wanted = this.#wanted;
    const fields: Facets['fields'] = {};
    for (const [field, counts] of this.#counts) {
      fields[field] = [...counts]
        .map(([value, count]) => ({ value, count, at: value.toLowerCase().indexOf(wanted) }))
        .sort(
          (a, b) =>
            Math.sign(a.at) - Math.sign(b.at) || b.count - a.count || (a.value < b.value ? -1 : 1),
        )
        .slice(0, limit)
        .map(({ value, count }) => ({ value, count }));
    }
    return fields;
  }

  #forget(field: FacetField, counts: Map<string, number>): void {
    const kept = [...counts].sort((a, b) => b[1] - a[1]).slice(0, MAX_VALUES / 2);
    this.#counts.set(field, new Map(kept));
    this.hasForgotten = true;
  }
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
