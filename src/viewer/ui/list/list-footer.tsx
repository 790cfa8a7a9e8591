// The end of the list: how far back the search has looked, and the way further back.

import { formatTime } from '../kit/format.ts';
import type { RowsState } from './rows-state.ts';

export function ListFooter({ state, onMore }: { state: RowsState; onMore: () => void }) {
  const { cursor, loading, searchedBackTo, skippedLines, unreadable } = state;
  const back = searchedBackTo === null ? '' : formatTime(searchedBackTo, new Date());
  return (
    <footer class="list-end">
      <span role="status">
        {loading && `Searching the log… ${back && `back to ${back}`}`}
        {!loading && cursor !== null && back && `Searched back to ${back}`}
        {!loading &&
          cursor === null &&
          state.loaded &&
          state.rows.length > 0 &&
          'This is the beginning of the log.'}
      </span>
      {!loading && cursor !== null && (
        <button type="button" onClick={onMore}>
          Load older
        </button>
      )}
      {unreadable.length > 0 && (
        <span class="warn-text">
          Of segments {unreadable.join(', ')} not everything could be read (damaged, removed, or
          compressed by another program): what they hold is not all searched.
        </span>
      )}
      {skippedLines > 0 && (
        <span class="warn-text">
          {skippedLines} lines were too long to be records and were skipped.
        </span>
      )}
    </footer>
  );
}
