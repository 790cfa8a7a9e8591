// The top of the log's view: the query box with its chips, the quick filters, and how the search goes.

import type { RefObject } from 'preact';
import { ChipList } from './chip-list.tsx';
import { FacetsToggle } from './facets-panel.tsx';
import { QueryBox } from './query-box.tsx';
import { QueryProblem } from './query-problem.tsx';
import { QuickFilters } from './quick-filters.tsx';
import { SavedViews } from './saved-views.tsx';
import { SearchProgress } from './search-progress.tsx';

export function Toolbar({ searchRef }: { searchRef: RefObject<HTMLInputElement | null> }) {
  return (
    <search class="toolbar">
      <FacetsToggle />
      <QueryBox inputRef={searchRef} />
      <SavedViews />
      <QueryProblem />
      <QuickFilters />
      <ChipList input={searchRef} />
      <SearchProgress />
    </search>
  );
}
