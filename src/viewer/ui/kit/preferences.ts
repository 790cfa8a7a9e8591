// What this browser remembers of how somebody likes the page: no record, and no secret. What is read
// was perhaps written by an older page, or by a person: each value is checked.

import { type Signal, signal } from '@preact/signals';
import { THEMES, type Theme, TIME_FORMS, type TimeForm } from './choices.ts';

export const theme = remembered<Theme>('theme', (value) => oneOf(THEMES, value));
export const timeForm = remembered<TimeForm>('times', (value) => oneOf(TIME_FORMS, value));
/** Single-key shortcuts can be switched off: speech input types letters (WCAG 2.1.4). */
export const shortcutsOn = remembered<boolean>('shortcuts', (value) => value !== false);

/** A signal whose value outlives the page; `parse` makes a good value of anything. */
export function remembered<T>(name: string, parse: (value: unknown) => T): Signal<T> {
  const key = `leash.${name}`;
  const kept = signal(parse(recall(name)));
  kept.subscribe((value) => write(key, JSON.stringify(value)));
  return kept;
}

/** What is kept under a name by now, perhaps by another tab; null: nothing. */
export function recall(name: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(`leash.${name}`) ?? 'null');
  } catch {
    // Not allowed to store, or not JSON: as if nothing was there.
    return null;
  }
}

function write(key: string, text: string): void {
  try {
    if (localStorage.getItem(key) !== text) localStorage.setItem(key, text);
  } catch {
    // It is forgotten with the page, then.
  }
}

/** A value of a list, or the first of them. */
export function oneOf<const T extends string>(values: readonly [T, ...T[]], value: unknown): T {
  return values.find((each) => each === value) ?? values[0];
}
