// The last queries and the saved views of this browser, as signals.

import { signal } from '@preact/signals';
import { keep, recall } from './local-store.ts';
import { addToHistory, addView, readHistory, readViews } from './saved-queries.ts';

export const history = signal(readHistory(recall('queries')));
export const views = signal(readViews(recall('views')));

/** Puts a query in front of the last ones. */
export function rememberQuery(q: string): void {
  if (q.trim() === '') return;
  history.value = addToHistory(readHistory(recall('queries')), q);
  keep('queries', history.value);
}

export function clearHistory(): void {
  history.value = [];
  keep('queries', []);
}

/** Keeps a query under a name. Another tab may have kept one meanwhile: it stays. */
export function saveView(name: string, q: string): void {
  views.value = addView(readViews(recall('views')), name, q);
  keep('views', views.value);
}

export function removeView(name: string): void {
  views.value = readViews(recall('views')).filter((view) => view.name !== name);
  keep('views', views.value);
}
