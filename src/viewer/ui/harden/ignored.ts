// Groups of the backlog that a person does not want to see, remembered in this browser alone.

import { signal } from '@preact/signals';

const NAME = 'leash.ignored';
/** The oldest are forgotten; who ignores more wants another policy. */
const MAX_IGNORED = 500;

export const ignored = signal<ReadonlySet<string>>(new Set(read()));

/** Ignores a group, or takes it back. */
export function setIgnored(key: string, on: boolean): void {
  const others = [...ignored.value].filter((each) => each !== key);
  const next = (on ? [...others, key] : others).slice(-MAX_IGNORED);
  ignored.value = new Set(next);
  try {
    localStorage.setItem(NAME, JSON.stringify(next));
  } catch {
    // Without storage it holds until the page is closed.
  }
}

function read(): string[] {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(NAME) ?? '[]');
    return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
  } catch {
    return [];
  }
}
