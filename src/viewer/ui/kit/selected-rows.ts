// Rows that a person put aside, to export them together. They are of the page, not of its address.

import { signal } from '@preact/signals';
import type { Selection } from './page-state.ts';
import { toast } from './toast.ts';

/** As many as the server takes in one address. */
const MAX_SELECTED = 500;

export const selectedRows = signal<readonly Selection[]>([]);

/** Puts a row aside, or takes it back. */
export function toggleSelected(row: Selection): void {
  const others = selectedRows.value.filter(({ at }) => at !== row.at);
  if (others.length < selectedRows.value.length) selectedRows.value = others;
  else addSelected([row]);
}

/** Puts rows aside, as many as there is room for, and says so where there is not. */
export function addSelected(rows: readonly Selection[]): void {
  const known = new Set(selectedRows.value.map(({ at }) => at));
  const more = rows.filter(({ at }) => !known.has(at)).map(({ id, at }) => ({ id, at }));
  const all = [...selectedRows.value, ...more];
  selectedRows.value = all.slice(0, MAX_SELECTED);
  if (all.length <= MAX_SELECTED) return;
  const text = `No more than ${MAX_SELECTED} rows can be selected. Export all that the query finds instead.`;
  toast.value = { kind: 'bad', text };
}
