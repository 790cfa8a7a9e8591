// The last queries and the saved views of this browser, as signals.

import { recall, remembered } from '../kit/preferences.ts';
import { addToHistory, addView, readHistory, readViews } from './saved-queries.ts';

export const history = remembered('queries', readHistory);
export const views = remembered('views', readViews);

/** Puts a query in front of the last ones. Another tab may have kept one meanwhile: it stays. */
export function rememberQuery(q: string): void {
  if (q.trim() !== '') history.value = addToHistory(readHistory(recall('queries')), q);
}

export function clearHistory(): void {
  history.value = [];
}

/** Keeps a query under a name, beside what another tab kept. */
export function saveView(name: string, q: string): void {
  views.value = addView(readViews(recall('views')), name, q);
}

export function removeView(name: string): void {
  views.value = readViews(recall('views')).filter((view) => view.name !== name);
}
