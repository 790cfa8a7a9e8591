// Groups of the backlog that a person does not want to see, remembered in this browser alone.

import { computed } from '@preact/signals';
import { remembered } from '../kit/preferences.ts';

/** The oldest are forgotten; who ignores more wants another policy. */
const MAX_IGNORED = 500;

const kept = remembered<readonly string[]>('ignored', (value) =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [],
);
export const ignored = computed<ReadonlySet<string>>(() => new Set(kept.value));

/** Ignores a group, or takes it back. */
export function setIgnored(key: string, on: boolean): void {
  const others = kept.value.filter((each) => each !== key);
  kept.value = (on ? [...others, key] : others).slice(-MAX_IGNORED);
}
