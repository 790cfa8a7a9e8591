// Which questions the facets ask. Pure. A field that the query names is counted without its own
// terms: the reader wants to see what else there is to choose.

import { parseQuery, type QueryField } from '../../../shared/query.ts';
import { withoutField } from './edit-query.ts';

/** The fields that the index counts, in the order of the page. */
export const FACET_FIELDS: readonly QueryField[] = [
  'class',
  'host',
  'client',
  'agent',
  'method',
  'status',
  'reason',
];
/** Values of a field at first, and after *more*. */
export const FEW_VALUES = 10;
export const MANY_VALUES = 50;

export type FacetRequest = {
  readonly q: string;
  readonly fields: readonly QueryField[];
  readonly limit: number;
};

/** Fields that are shown, and those of which more is shown → as few questions as answer them. */
export function facetRequests(
  q: string,
  fields: readonly QueryField[],
  more: readonly QueryField[],
): readonly FacetRequest[] {
  const named = new Set(parseQuery(q).terms.map(({ field }) => field));
  const requests = new Map<string, { q: string; fields: QueryField[]; limit: number }>();
  for (const field of fields) {
    const own = named.has(field) ? withoutField(q, field) : q;
    const limit = more.includes(field) ? MANY_VALUES : FEW_VALUES;
    const key = `${limit} ${own}`;
    const request = requests.get(key) ?? { q: own, fields: [], limit };
    request.fields.push(field);
    requests.set(key, request);
  }
  return [...requests.values()];
}
