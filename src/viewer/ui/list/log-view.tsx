// The view of the log: search, list and detail. What is shown is in the page's address.

import { useEffect, useRef, useState } from 'preact/hooks';
import { RowDetail } from '../detail/row-detail.tsx';
import { meta, page, paused } from '../kit/app-state.ts';
import { isNarrow } from '../kit/media.ts';
import { timeForm } from '../kit/preferences.ts';
import { useKeys } from '../kit/use-keys.ts';
import { QueryFrame } from '../query/query-frame.tsx';
import { EmptyState } from './empty-state.tsx';
import { HelpDialog } from './help-dialog.tsx';
import { ListBar } from './list-bar.tsx';
import { ListFooter } from './list-footer.tsx';
import { LogGrid } from './log-grid.tsx';
import { nowMs } from './log-row.tsx';
import { isLive, rowsAbove } from './rows-state.ts';
import { closeRow, selectRow, useActions } from './use-actions.ts';
import { useLink } from './use-link.ts';
import { useRows } from './use-rows.ts';
import { useWindow } from './use-window.ts';
import { AT_TOP_PX } from './window-math.ts';

const ROW_PX = 30;
/** Two lines: there is no room for the columns side by side. */
const NARROW_ROW_PX = 54;
/** So many rows before an end of the window the next ones are fetched. */
const AHEAD_ROWS = 60;

export function LogView() {
  const { q, selection, redact } = page.value;
  const search = useRef<HTMLInputElement>(null);
  const [isHelping, setHelping] = useState(false);
  const isSmall = isNarrow.value;
  const scroller = useRef<HTMLDivElement>(null);
  const isScrolled = (scroller.current?.scrollTop ?? 0) > AT_TOP_PX;
  const hold = isScrolled || selection !== null || paused.value;
  const { state, loadOlder, loadAbove, goNewest } = useRows({ q, hold });
  const { rows } = state;
  const rowHeight = isSmall ? NARROW_ROW_PX : ROW_PX;
  const headHeight = isSmall ? 0 : ROW_PX;
  const list = useWindow({
    scroller,
    rows,
    rowHeight,
    headHeight,
    isAtNewest: state.above.length === 0,
  });
  const showNew = () => {
    goNewest();
    list.goTop();
  };
  const openHelp = () => setHelping(true);
  const isNewest = isLive(state) && state.pending.length === 0;
  const { actions, activeAt, setActive, choose } = useActions({
    ...{ rows, list, scroller, search, openHelp, showNew, isNewest },
  });
  useLink({ rows, list, isScrolled, setActive });
  useKeys(actions);
  useClock();
  const fill = () => {
    const { scrollTop = 0, clientHeight = 0 } = scroller.current ?? {};
    if (scrollTop < AHEAD_ROWS * rowHeight) loadAbove();
    const below = rows.length * rowHeight - scrollTop - clientHeight;
    if (below < AHEAD_ROWS * rowHeight) loadOlder();
  };
  const onScroll = () => {
    list.onScroll();
    fill();
  };
  // Whoever stands at an edge while rows come there scrolls no further, and still wants the next ones.
  useEffect(() => {
    if (isScrolled || state.above.length > 0) fill();
  }, [rows[0]?.at, rows.at(-1)?.at]);
  return (
    <QueryFrame searchRef={search}>
      <ListBar onHelp={openHelp} />
      <main class={selection ? 'split' : ''}>
        <div class={isSmall ? 'list-box narrow' : 'list-box'}>
          <NewPill count={state.pending.length} gap={state.gap} onClick={showNew} />
          <div class="list" ref={scroller} onScroll={onScroll}>
            {rows.length > 0 && (
              <LogGrid
                rows={rows}
                range={list.range}
                rowHeight={rowHeight}
                above={rowsAbove(state)}
                isComplete={state.cursor === null && !state.gap}
                split={selection !== null || isSmall}
                selectedAt={selection?.at ?? ''}
                activeAt={activeAt}
                onSelect={selectRow}
                onChoose={choose}
                onFocus={setActive}
              />
            )}
            {rows.length === 0 && state.loaded && !state.loading && (
              <EmptyState filtered={q !== ''} proxyPort={meta.value?.proxy_port ?? 8080} />
            )}
            <ListFooter state={state} onMore={loadOlder} />
          </div>
        </div>
        {selection && (
          <RowDetail id={selection.id} at={selection.at} redact={redact} onClose={closeRow} />
        )}
      </main>
      {isHelping && <HelpDialog onClose={() => setHelping(false)} />}
    </QueryFrame>
  );
}

/** Its count alone is read out: rows that come would drown everything else. */
function NewPill({ count, gap, onClick }: { count: number; gap: boolean; onClick: () => void }) {
  return (
    <div class="pill-place" role="status">
      {(count > 0 || gap) && (
        <button type="button" class="pill" onClick={onClick}>
          {gap ? 'Many new' : `${count} new`}
        </button>
      )}
    </div>
  );
}

/** Times that say how long ago move on by themselves. */
function useClock(): void {
  const form = timeForm.value;
  useEffect(() => {
    if (form !== 'ago') return;
    nowMs.value = Date.now();
    const timer = setInterval(() => {
      nowMs.value = Date.now();
    }, 1000);
    return () => clearInterval(timer);
  }, [form]);
}
