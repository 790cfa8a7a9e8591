// The state that the parts of the page share, as signals. What a link can show is in `page`, which is
// the page's address too; all else is of one part and lives there.

import { signal } from '@preact/signals';
import type { Meta } from '../../meta.ts';
import type { Row } from '../../store/row.ts';
import { ApiError } from './api-client.ts';
import { formatPageState, type PageState, parsePageState } from './page-state.ts';

export const page = signal<PageState>(parsePageState(location.search));

/** `closed`: a token is needed. */
export const access = signal<'checking' | 'open' | 'closed'>('checking');

/** What is in force and what is wrong; null until the first answer. */
export const meta = signal<Meta | null>(null);

/** Why the last answer of the server is missing; empty: it came. */
export const connection = signal('');

/** What a person wants to allow or block: the window for it opens. */
export const manageRequest = signal<{ action: 'allow' | 'block'; row: Row } | null>(null);

/** Changes parts of the state. What opens something can be undone with the browser's Back. */
export function updatePage(change: Partial<PageState>): void {
  const old = page.value;
  const next = { ...old, ...change };
  const opens =
    (old.selection === null && next.selection !== null) ||
    (old.compare === null && next.compare !== null) ||
    old.view !== next.view;
  const address = formatPageState(next) || location.pathname;
  if (formatPageState(old) !== formatPageState(next)) {
    history[opens ? 'pushState' : 'replaceState'](null, '', address);
  }
  page.value = next;
}

/** Call once: Back and Forward of the browser change the state. */
export function followAddress(): void {
  addEventListener('popstate', () => {
    page.value = parsePageState(location.search);
  });
}

/** Takes note of a request that failed: the login comes up, or the header says so. */
export function noteFailure(error: unknown): void {
  if (error instanceof ApiError && error.status === 401) access.value = 'closed';
  connection.value = error instanceof ApiError ? error.message : 'no connection to leash';
}
