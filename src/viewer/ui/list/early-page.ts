// The first rows are asked for before the page is drawn, so that both happen at the same time.

import { pageParams } from '../../../shared/first-page.ts';
import type { Page } from '../../store/page.ts';
import { fetchPage } from '../kit/api-client.ts';
import { page } from '../kit/app-state.ts';

let early: { readonly q: string; readonly answer: Promise<Page> } | null = null;

/** Call once, where nothing has to happen before: no login, that is. */
export function fetchEarly(): void {
  const { view, q } = page.value;
  if (view !== 'log') return;
  const answer = fetchPage(pageParams(q), new AbortController().signal);
  // Whoever takes it hears of what went wrong.
  answer.catch(() => {});
  early = { q, answer };
}

/** What was asked for early, once; null where it was something else. */
export function takeEarly(q: string): Promise<Page> | null {
  const taken = early?.q === q ? early.answer : null;
  early = null;
  return taken;
}
