// Asks the index what values the log has, and when. A server without an index answers 404: then the
// page works without facets, histogram and counts.

import { signal } from '@preact/signals';
import type { FacetField, Facets } from '../../search/facets.ts';
import type { Histogram } from '../../search/histogram.ts';
import { ApiError, read } from '../kit/api-client.ts';

/** False once the server has answered that it has no index. */
export const hasIndex = signal(true);

/** Values of fields in what a query finds, with their numbers; null: the server has no index. */
export function fetchFacets(
  ask: { q: string; fields: readonly FacetField[]; limit: number; prefix?: string },
  abort: AbortSignal,
): Promise<Facets | null> {
  const { q, fields, limit, prefix = '' } = ask;
  const params = { q, fields: fields.join(','), limit: String(limit), prefix };
  return ask404<Facets>(`/api/facets?${new URLSearchParams(params)}`, abort);
}

/** What a query finds, by time and class; null: the server has no index. */
export function fetchHistogram(
  ask: { q: string; buckets: number },
  abort: AbortSignal,
): Promise<Histogram | null> {
  const params = new URLSearchParams({ q: ask.q, buckets: String(ask.buckets) });
  return ask404<Histogram>(`/api/histogram?${params}`, abort);
}

async function ask404<T>(address: string, abort: AbortSignal): Promise<T | null> {
  if (!hasIndex.peek()) return null;
  try {
    return await read<T>(await fetch(address, { signal: abort }));
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error;
    hasIndex.value = false;
    return null;
  }
}
