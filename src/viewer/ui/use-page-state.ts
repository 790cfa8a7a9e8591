// Filters and selection, kept in the page's address.

import { useCallback, useEffect, useState } from 'preact/hooks';
import { formatPageState, type PageState, parsePageState } from './url-state.ts';

/** The state, and a function that changes parts of it. Opening a detail can be undone with Back. */
export function usePageState(): [PageState, (change: Partial<PageState>) => void] {
  const [state, setState] = useState(() => parsePageState(location.search));
  useEffect(() => {
    const onBack = () => setState(parsePageState(location.search));
    addEventListener('popstate', onBack);
    return () => removeEventListener('popstate', onBack);
  }, []);
  const update = useCallback((change: Partial<PageState>) => {
    setState((old) => {
      const next = { ...old, ...change };
      const address = formatPageState(next) || location.pathname;
      const opens = old.selection === null && next.selection !== null;
      history[opens ? 'pushState' : 'replaceState'](null, '', address);
      return next;
    });
  }, []);
  return [state, update];
}
