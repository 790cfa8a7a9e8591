// The query as it is being typed. The page's query follows it, a moment later and only where it is
// one; every change of the query in this folder goes through here, so that none overwrites another.

import { effect, signal } from '@preact/signals';
import { parseQuery } from '../../../shared/query.ts';
import { page, updatePage } from '../kit/app-state.ts';
import { placeAt } from './complete.ts';
import { rememberQuery } from './query-store.ts';

/** Typing is not searched letter by letter. */
const TYPING_MS = 250;
/** Half a value finds nothing: a list that goes empty and comes back is of no use to who types. */
const VALUE_MS = 600;

/** The text in the box. */
export const draft = signal(page.value.q);

/** The box offers how to go on: what is wrong with the end of the text is not said yet. */
export const completing = signal(false);

/** The page's query that the draft stands for, or that it stood for before it became none. */
let agreed = page.value.q;
let timer = 0;
/** Since the box was entered; Back leads to what was before, not to half a word. */
let typed = false;

// Whoever else changes the page's query (Back, a link) has the last word.
effect(() => {
  const { q } = page.value;
  if (q === agreed) return;
  settle(q);
  draft.value = q;
});

/** Takes what was typed; `caret`: where. */
export function typeText(text: string, caret: number): void {
  draft.value = text;
  clearTimeout(timer);
  const inValue = caret === text.length && placeAt(text, caret).field !== null;
  timer = window.setTimeout(search, inValue ? VALUE_MS : TYPING_MS);
}

/** Searches what is typed, now; a text that is no query changes nothing. */
export function search(): void {
  clearTimeout(timer);
  const q = draft.peek().trim();
  if (q === page.peek().q || 'problem' in parseQuery(q)) return;
  const isFirst = !typed;
  agreed = q;
  typed = true;
  updatePage({ q }, isFirst);
}

/** Typing has ended: what stands there is searched, and remembered. */
export function endTyping(): void {
  const { q } = page.peek();
  search();
  if (typed || q !== page.peek().q) rememberQuery(page.peek().q);
  typed = false;
}

/**
 * Changes the query as a whole, on top of what is typed. While that is no query, both are changed:
 * the one that is searched, and the text that is not finished.
 */
export function editQuery(change: (q: string) => string): void {
  const text = draft.peek();
  const isQuery = !('problem' in parseQuery(text));
  const q = change(isQuery ? text.trim() : page.peek().q);
  settle(q);
  draft.value = isQuery ? q : change(text);
  if (q !== page.peek().q) updatePage({ q }, true);
}

function settle(q: string): void {
  clearTimeout(timer);
  agreed = q;
  typed = false;
}
