// The parts of the page, as links: each has an address of its own.

import { page, updatePage } from '../kit/app-state.ts';
import { formatPageState, VIEWS, type View } from '../kit/page-state.ts';

const NAMES: Readonly<Record<View, string>> = {
  log: 'Log',
  harden: 'Harden',
  policy: 'Policy',
  state: 'State',
};

export function ViewNav() {
  const state = page.value;
  return (
    <nav class="views" aria-label="Views">
      {VIEWS.map((view) => (
        <a
          href={formatPageState({ ...state, view, selection: null, compare: null }) || '/'}
          aria-current={state.view === view ? 'page' : undefined}
          onClick={(event) => {
            // A new tab is the browser's.
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            updatePage({ view, selection: null, compare: null });
          }}
        >
          {NAMES[view]}
        </a>
      ))}
    </nav>
  );
}
