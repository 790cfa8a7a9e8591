// The state that the parts of the page share, as signals. What a link can show is in `page`, which is
// the page's address too; all else is of one part and lives there.

import { signal } from '@preact/signals';
import type { Meta } from '../../meta.ts';
import type { Row } from '../../store/row.ts';
import { ApiError } from './api-client.ts';
import { connection } from './connection.ts';
import type { ManageTarget } from './manage-target.ts';
import { formatPageState, type PageState, parsePageState } from './page-state.ts';

export const page = signal<PageState>(parsePageState(location.search));

/** `closed`: a token is needed. */
export const access = signal<'checking' | 'open' | 'closed'>('checking');

/** What is in force and what is wrong; null until the first answer. */
export const meta = signal<Meta | null>(null);

/** A search under way and how far back it has looked; null: none. */
export const searchProgress = signal<{
  readonly running: boolean;
  readonly searchedBackTo: number | null;
} | null>(null);

/** Ends the search under way, with what it has found; null: none is. */
export const stopSearch = signal<(() => void) | null>(null);

/** Changes parts of the state. What opens something, or is `undoable`, Back of the browser undoes. */
export function updatePage(change: Partial<PageState>, undoable = false): void {
  const old = page.value;
  const next = { ...old, ...change };
  const opens =
    undoable ||
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

/** New rows wait until somebody resumes. */
export const paused = signal(false);

/** The row of the open record, once it was read: the list may not have it. */
export const openRow = signal<Row | null>(null);

/** What somebody wants allowed or blocked; null: nothing is asked. */
export const manageRequest = signal<{
  readonly action: 'allow' | 'block';
  readonly target: ManageTarget;
} | null>(null);
