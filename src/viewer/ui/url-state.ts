// Filters and selection as the text after `?`, so that a link shows what its sender saw. Pure.

export type Filters = {
  readonly q: string;
  readonly client: string;
  readonly class: string;
  readonly internetOnly: boolean;
  readonly wouldBlock: boolean;
  readonly redact: boolean;
};
export type Selection = { readonly id: string; readonly at: string } | null;
export type PageState = { readonly filters: Filters; readonly selection: Selection };

/** Text after `?` → state. What is not there has its default. */
export function parsePageState(search: string): PageState {
  const params = new URLSearchParams(search);
  const [at = '', id = ''] = (params.get('sel') ?? '').split(/,(.*)/s);
  return {
    filters: {
      q: params.get('q') ?? '',
      client: params.get('client') ?? '',
      class: params.get('class') ?? '',
      internetOnly: params.get('internet_only') === '1',
      wouldBlock: params.get('would_block') === '1',
      redact: params.get('redact') !== '0',
    },
    selection: at !== '' && id !== '' ? { at, id } : null,
  };
}

/** The reverse; empty for the default state. */
export function formatPageState({ filters, selection }: PageState): string {
  const params = new URLSearchParams();
  if (filters.q) params.set('q', filters.q);
  if (filters.client) params.set('client', filters.client);
  if (filters.class) params.set('class', filters.class);
  if (filters.internetOnly) params.set('internet_only', '1');
  if (filters.wouldBlock) params.set('would_block', '1');
  if (!filters.redact) params.set('redact', '0');
  if (selection) params.set('sel', `${selection.at},${selection.id}`);
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}
