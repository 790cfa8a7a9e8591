// The page: joins list, detail and filters. State lives in the address (`url-state.ts`).

import { render } from 'preact';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Row } from '../store/row.ts';
import { login } from './api-client.ts';
import { EmptyState } from './empty-state.tsx';
import { ListFooter } from './list-footer.tsx';
import { LogTable } from './log-table.tsx';
import { Login, takeTokenFromAddress } from './login.tsx';
import { PageHeader } from './page-header.tsx';
import { RowDetail } from './row-detail.tsx';
import { Toolbar } from './toolbar.tsx';
import type { Filters } from './url-state.ts';
import { useKeys } from './use-keys.ts';
import { useMeta } from './use-meta.ts';
import { usePageState } from './use-page-state.ts';
import { useRows } from './use-rows.ts';

/** Nearer to the top than one row: the reader looks at the newest. */
const AT_TOP_PX = 30;

type Access = 'checking' | 'open' | 'closed';

function App() {
  const [access, setAccess] = useState<Access>('checking');
  const [problem, setProblem] = useState('');
  useEffect(() => {
    const token = takeTokenFromAddress();
    if (token === null) return setAccess('open');
    login(token).then(
      () => setAccess('open'),
      (error: Error) => {
        setProblem(error.message);
        setAccess('closed');
      },
    );
  }, []);
  const onUnauthorized = useCallback(() => setAccess('closed'), []);
  if (access === 'checking') return null;
  if (access === 'closed') return <Login problem={problem} onDone={() => setAccess('open')} />;
  return <LogPage onUnauthorized={onUnauthorized} />;
}

function LogPage({ onUnauthorized }: { onUnauthorized: () => void }) {
  const [{ filters, selection }, update] = usePageState();
  const [scrolled, setScrolled] = useState(false);
  const list = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const meta = useMeta(true, onUnauthorized);
  const hold = scrolled || selection !== null;
  const { state, loadOlder, release } = useRows({ filters, hold, enabled: true, onUnauthorized });

  const select = useCallback(
    (row: Row) => update({ selection: { id: row.id, at: row.at } }),
    [update],
  );
  const close = useCallback(() => update({ selection: null }), [update]);
  const change = (part: Partial<Filters>) => update({ filters: part });
  const showNew = () => {
    release();
    list.current?.scrollTo({ top: 0 });
  };
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
  }, [rows, selection, select, close]);
  useKeys(keys);

  const isFiltered =
    filters.q + filters.client + filters.class !== '' || filters.internetOnly || filters.wouldBlock;
  return (
    <div class="page">
      <PageHeader meta={meta} connection={state.error} />
      <Toolbar
        filters={filters}
        clients={meta?.clients ?? []}
        searchRef={search}
        onChange={change}
      />
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
            <EmptyState filtered={isFiltered} proxyPort={meta?.proxy_port ?? 8080} />
          )}
          <ListFooter state={state} onMore={loadOlder} />
        </div>
        {selection && (
          <RowDetail id={selection.id} at={selection.at} redact={filters.redact} onClose={close} />
        )}
      </main>
    </div>
  );
}

const root = document.getElementById('app');
if (root !== null) render(<App />, root);
