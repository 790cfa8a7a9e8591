// Queries that the browser keeps: the last ones, and views with a name. Pure: what was kept is text,
// which another version or another hand may have written, so it is checked when it is read.

type SavedView = { readonly name: string; readonly q: string };

const MAX_HISTORY = 20;
const MAX_VIEWS = 50;
const MAX_QUERY_CHARS = 2_000;
const MAX_NAME_CHARS = 60;

/** What was kept → the last queries, the newest first; what is none is left out. */
export function readHistory(kept: unknown): readonly string[] {
  if (!Array.isArray(kept)) return [];
  return [...new Set(kept.filter(isQuery))].slice(0, MAX_HISTORY);
}

/** The history with one more; one that stands there already moves to the front. */
export function addToHistory(history: readonly string[], q: string): readonly string[] {
  return readHistory([q.trim(), ...history]);
}

/** What was kept → views, in the order of their names; what is none is left out. */
export function readViews(kept: unknown): readonly SavedView[] {
  if (!Array.isArray(kept)) return [];
  const views = new Map<string, SavedView>();
  for (const view of kept.slice(0, MAX_VIEWS).filter(isView)) {
    views.set(view.name, { name: view.name, q: view.q });
  }
  return [...views.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The views with one more, in the place of one of the same name. */
export function addView(views: readonly SavedView[], name: string, q: string) {
  const view = { name: name.trim().slice(0, MAX_NAME_CHARS), q: q.trim() };
  return readViews([view, ...views.filter((each) => each.name !== view.name)]);
}

function isQuery(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= MAX_QUERY_CHARS;
}

function isView(value: unknown): value is SavedView {
  if (typeof value !== 'object' || value === null || !('name' in value) || !('q' in value)) {
    return false;
  }
  const { name, q } = value;
  return typeof name === 'string' && name !== '' && name.length <= MAX_NAME_CHARS && isQuery(q);
}
