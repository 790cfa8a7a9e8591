// What the box offers at the caret: fields, values with their numbers in the log, or, in an empty
// box, queries from before.

import { useEffect, useState } from 'preact/hooks';
import type { FacetField, FacetValue } from '../../search/facets.ts';
import { removeTermAt } from './chips.ts';
import { type Option, optionsAt, type Place, placeAt } from './complete.ts';
import { COUNTED_FIELDS } from './facet-requests.ts';
import { fetchFacets } from './facets-client.ts';
import { history, views } from './query-store.ts';

/** The server counts for a word, not for each letter. */
const COUNT_MS = 120;
const LIMIT = 10;

type Counts = { readonly field: FacetField; readonly list: readonly FacetValue[] };

/** The options for a text and a caret; `open`: whether they are shown at all. */
export function useOptions(
  text: string,
  caret: number,
  open: boolean,
): { place: Place; options: readonly Option[] } {
  const [counts, setCounts] = useState<Counts | null>(null);
  const isEmpty = text.trim() === '';
  const place = placeAt(text, caret);
  const { field, typed } = place;
  const prefix = typed.replace(/^[<>]=?/, '');
  const rest = removeTermAt(text, caret);
  const counted = open ? COUNTED_FIELDS.find((name) => name === field) : undefined;

  useEffect(() => {
    if (counted === undefined) return;
    const controller = new AbortController();
    const timer = setTimeout(() => {
      fetchFacets({ q: rest, fields: [counted], limit: LIMIT, prefix }, controller.signal).then(
        (facets) => setCounts({ field: counted, list: facets?.fields[counted] ?? [] }),
        // Names and known values are offered without it.
        () => {},
      );
    }, COUNT_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [counted, prefix, rest]);

  if (!open) return { place, options: [] };
  if (isEmpty) return { place, options: earlierQueries() };
  const lower = prefix.toLowerCase();
  const list = counts !== null && counts.field === field ? counts.list : [];
  // Until the next answer comes, what fits of the last one.
  const fitting = list.filter(({ value }) => value.toLowerCase().includes(lower));
  return { place, options: optionsAt(place, fitting) };
}

function earlierQueries(): readonly Option[] {
  const toOption = (label: string, insert: string, hint: string): Option => ({
    kind: 'query',
    label,
    hint,
    count: null,
    insert,
  });
  return [
    ...views.value.map(({ name, q }) => toOption(name, q, q)),
    ...history.value.map((q) => toOption(q, q, '')),
  ];
}
