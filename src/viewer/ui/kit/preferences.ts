// What this browser remembers of how somebody likes the page. Nothing of the record, and no secret. What
// is read was perhaps written by an older page, or by a person: each value is checked.

import { type Signal, signal } from '@preact/signals';
import { THEMES, type Theme, TIME_FORMS, type TimeForm } from './choices.ts';

export const theme = remembered<Theme>('theme', (value) => oneOf(THEMES, value));
export const timeForm = remembered<TimeForm>('times', (value) => oneOf(TIME_FORMS, value));
/** Single-key shortcuts can be switched off: speech input types letters (WCAG 2.1.4). */
export const shortcutsOn = remembered<boolean>('shortcuts', (value) => value !== false);

/** A signal whose value outlives the page; `parse` makes a good value of anything. */
export function remembered<T>(name: string, parse: (value: unknown) => T): Signal<T> {
  const key = `leash.${name}`;
  const kept = signal(parse(read(key)));
  kept.subscribe((value) => write(key, JSON.stringify(value)));
  return kept;
}

function read(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null');
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

function oneOf<T extends string>(values: readonly [T, ...T[]], value: unknown): T {
  return values.find((each) => each === value) ?? values[0];
}
