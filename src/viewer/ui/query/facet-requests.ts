// Which questions the facets ask. Pure. A field that the query names is counted without its own
// terms: the reader wants to see what else there is to choose.

import { parseQuery } from '../../../shared/query.ts';
import type { FacetField } from '../../search/facets.ts';
import { withoutField } from './edit-query.ts';

/** The fields that are shown, in their order. */
export const SHOWN_FIELDS: readonly FacetField[] = [
  'class',
  'host',
  'client',
  'agent',
  'method',
  'status',
  'reason',
];
/** All that are counted: of these the query box knows values. */
export const COUNTED_FIELDS: readonly FacetField[] = [...SHOWN_FIELDS, 'port', 'event', 'rule'];
/** Values of a field at first, and after *more*. */
export const FEW_VALUES = 10;
const MANY_VALUES = 50;

type FacetRequest = {
  readonly q: string;
  readonly fields: readonly FacetField[];
  readonly limit: number;
};

/** Fields that are shown, and those of which more is shown → as few questions as answer them. */
export function facetRequests(
  q: string,
  fields: readonly FacetField[],
  more: readonly FacetField[],
): readonly FacetRequest[] {
  const named = new Set(parseQuery(q).terms.map(({ field }) => field));
  const requests = new Map<string, { q: string; fields: FacetField[]; limit: number }>();
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
