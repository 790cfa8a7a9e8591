// The view of the log: search, list and detail. What is shown is in the page's address.

import { useMemo, useRef, useState } from 'preact/hooks';
import type { Row } from '../../store/row.ts';
import { RowDetail } from '../detail/row-detail.tsx';
import { meta, page, updatePage } from '../kit/app-state.ts';
import { useKeys } from '../kit/use-keys.ts';
import { QueryFrame } from '../query/query-frame.tsx';
import { EmptyState } from './empty-state.tsx';
import { ListFooter } from './list-footer.tsx';
import { LogTable } from './log-table.tsx';
import { useRows } from './use-rows.ts';

/** Nearer to the top than one row: the reader looks at the newest. */
const AT_TOP_PX = 30;

export function LogView() {
  const { q, selection, redact } = page.value;
  const [scrolled, setScrolled] = useState(false);
  const list = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const { state, loadOlder, release } = useRows({ q, hold: scrolled || selection !== null });
  const { rows } = state;
  const keys = useMemo(() => {
    const index = rows.findIndex((row) => row.at === selection?.at);
    const go = (to: number) => {
      const row = rows[Math.max(0, Math.min(rows.length - 1, to))];
      if (row) select(row);
    };
    return {
      search: () => search.current?.focus(),
      move: (step: 1 | -1) => go(index < 0 ? 0 : index + step),
      open: () => go(Math.max(0, index)),
      close,
    };
  }, [rows, selection]);
  useKeys(keys);
  const showNew = () => {
    release();
    list.current?.scrollTo({ top: 0 });
  };
  return (
    <QueryFrame searchRef={search}>
      <main class={selection ? 'split' : ''}>
        <div
          class="list"
          ref={list}
          onScroll={(event) => setScrolled(event.currentTarget.scrollTop > AT_TOP_PX)}
        >
          {state.pending.length > 0 && (
            <button type="button" class="pill" onClick={showNew}>
              {state.gap ? `More than ${state.pending.length - 1}` : state.pending.length} new
            </button>
          )}
          {rows.length > 0 && (
            <LogTable rows={rows} selectedAt={selection?.at ?? ''} onSelect={select} />
          )}
          {rows.length === 0 && state.loaded && !state.loading && (
            <EmptyState filtered={q !== ''} proxyPort={meta.value?.proxy_port ?? 8080} />
          )}
          <ListFooter state={state} onMore={loadOlder} />
        </div>
        {selection && (
          <RowDetail id={selection.id} at={selection.at} redact={redact} onClose={close} />
        )}
      </main>
    </QueryFrame>
  );
}

function select(row: Row): void {
  updatePage({ selection: { id: row.id, at: row.at } });
}

function close(): void {
  updatePage({ selection: null });
}
