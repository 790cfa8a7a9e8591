// Asks the server what values the log has, and when.

import type { FacetField, Facets } from '../../search/facets.ts';
import type { Histogram } from '../../search/histogram.ts';
import { read } from '../kit/api-client.ts';

/** Values of fields in what a query finds, with their numbers. */
export async function fetchFacets(
  ask: { q: string; fields: readonly FacetField[]; limit: number; prefix?: string },
  signal: AbortSignal,
): Promise<Facets> {
  const { q, fields, limit, prefix = '' } = ask;
  const params = { q, fields: fields.join(','), limit: String(limit), prefix };
  return read<Facets>(await fetch(`/api/facets?${new URLSearchParams(params)}`, { signal }));
}

/** What a query finds, by time and class. */
export async function fetchHistogram(
  ask: { q: string; buckets: number },
  signal: AbortSignal,
): Promise<Histogram> {
  const params = new URLSearchParams({ q: ask.q, buckets: String(ask.buckets) });
  return read<Histogram>(await fetch(`/api/histogram?${params}`, { signal }));
}
