// What the page shows, as the text after `?`, so that a link shows what its sender saw. Pure.

/** The parts of the page; `log` is the one it opens with. */
export const VIEWS = ['log', 'harden', 'policy', 'state'] as const;
export type View = (typeof VIEWS)[number];
/** A row, by its flow and its place in the log. */
export type Selection = { readonly id: string; readonly at: string };
export type PageState = {
  readonly view: View;
  /** The query, in the language of `shared/query.ts`: all filters are in it. */
  readonly q: string;
  /** Values of credential headers are hidden. */
  readonly redact: boolean;
  readonly selection: Selection | null;
  /** A second row beside the selected one. */
  readonly compare: Selection | null;
};

/** Text after `?` → state. What is not there has its default. */
export function parsePageState(search: string): PageState {
  const params = new URLSearchParams(search);
  return {
    view: VIEWS.find((view) => view === params.get('view')) ?? 'log',
    q: params.get('q') ?? '',
    redact: params.get('redact') !== '0',
    selection: parseSelection(params.get('sel')),
    compare: parseSelection(params.get('with')),
  };
}

/** The reverse; empty for the default state. */
export function formatPageState({ view, q, redact, selection, compare }: PageState): string {
  const params = new URLSearchParams();
  if (view !== 'log') params.set('view', view);
  if (q) params.set('q', q);
  if (!redact) params.set('redact', '0');
  if (selection) params.set('sel', `${selection.at},${selection.id}`);
  if (compare) params.set('with', `${compare.at},${compare.id}`);
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

function parseSelection(text: string | null): Selection | null {
  const [at = '', id = ''] = (text ?? '').split(/,(.*)/s);
  return at !== '' && id !== '' ? { at, id } : null;
}
