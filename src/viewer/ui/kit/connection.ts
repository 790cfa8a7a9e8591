// Whether the server answers. A file of its own: who asks the server says so here, and who shows it
// need not ask.

import { signal } from '@preact/signals';

/** Why the last answer of the server is missing; empty: it came. */
export const connection = signal('');
