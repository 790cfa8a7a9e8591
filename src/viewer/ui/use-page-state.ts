// Filters and selection, kept in the page's address.

import { useCallback, useEffect, useState } from 'preact/hooks';
import {
  type Filters,
  formatPageState,
  type PageState,
  parsePageState,
  type Selection,
} from './url-state.ts';

export type PageChange = { readonly filters?: Partial<Filters>; readonly selection?: Selection };

/** The state, and a function that changes parts of it. Opening a detail can be undone with Back. */
export function usePageState(): [PageState, (change: PageChange) => void] {
  const [state, setState] = useState(() => parsePageState(location.search));
  useEffect(() => {
    const onBack = () => setState(parsePageState(location.search));
    addEventListener('popstate', onBack);
    return () => removeEventListener('popstate', onBack);
  }, []);
  const update = useCallback((change: PageChange) => {
    setState((old) => {
      // Merged here: whoever waits before a change (typing) does not know the newest state.
      const next = { ...old, ...change, filters: { ...old.filters, ...change.filters } };
      const address = formatPageState(next) || location.pathname;
      const opens = old.selection === null && next.selection !== null;
      history[opens ? 'pushState' : 'replaceState'](null, '', address);
      return next;
    });
  }, []);
  return [state, update];
}
