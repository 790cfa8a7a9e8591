// How a person likes to see a record, kept in the browser: nothing of the record, and no place of it.

import { type Signal, signal } from '@preact/signals';

export type Layout = 'side' | 'tabs';
export type HeaderOrder = 'raw' | 'sorted';

export const layout: Signal<Layout> = kept('leash.detail.layout', ['side', 'tabs']);
export const headerOrder: Signal<HeaderOrder> = kept('leash.detail.headers', ['raw', 'sorted']);

/** Sets a choice, for this page and the next visit. */
export function choose<T extends string>(choice: Signal<T>, value: T): void {
  choice.value = value;
  const name = (choice as Signal<string>) === layout ? 'layout' : 'headers';
  try {
    localStorage.setItem(`leash.detail.${name}`, value);
  } catch {
    // A browser that keeps nothing: the choice holds until the page is closed.
  }
}

function kept<T extends string>(name: string, values: readonly [T, ...T[]]): Signal<T> {
  let found: string | null = null;
  try {
    found = localStorage.getItem(name);
  } catch {
    // As above.
  }
  return signal(values.find((value) => value === found) ?? values[0]);
}
