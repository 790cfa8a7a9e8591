// What the page says for a moment: what came of a change, or why there is none.

import { signal } from '@preact/signals';

/** `undo` absent: there is nothing to take back. */
export type Toast = {
  readonly kind: 'good' | 'bad';
  readonly text: string;
  readonly undo?: () => Promise<void>;
};

export const toast = signal<Toast | null>(null);
