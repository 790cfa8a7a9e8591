// What the keys do to the list: which row is the active one, and what happens to it.

import type { RefObject } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { formatTerm, setTerm } from '../../../shared/query.ts';
import type { Row } from '../../store/row.ts';
import { manageRequest, page, paused, updatePage } from '../kit/app-state.ts';
import type { KeyActions } from '../kit/use-keys.ts';
import type { ListWindow } from './use-window.ts';

export type ActionOptions = {
  readonly rows: readonly Row[];
  readonly list: ListWindow;
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly search: RefObject<HTMLInputElement | null>;
  readonly openHelp: () => void;
  readonly showNew: () => void;
  /** The first row is the newest there is. */
  readonly isNewest: boolean;
};

export function useActions(options: ActionOptions): {
  actions: KeyActions;
  activeAt: string;
  setActive: (row: Row) => void;
} {
  const [activeAt, setActiveAt] = useState('');
  const focusNext = useRef<string | null>(null);
  const latest = useRef({ ...options, activeAt });
  latest.current = { ...options, activeAt };

  // The row may have been drawn just now, because it was scrolled to.
  useLayoutEffect(() => {
    const { scroller } = options;
    const goesNewest = focusNext.current === NEWEST;
    const at = goesNewest ? options.isNewest && options.rows[0]?.at : focusNext.current;
    if (!at) return;
    const element = scroller.current?.querySelector<HTMLElement>(`[data-at="${at}"]`);
    if (!element) return;
    focusNext.current = null;
    element.focus({ preventScroll: true });
  });

  const actions = useMemo((): KeyActions => {
    const indexNow = () => {
      const { rows, activeAt: active } = latest.current;
      const at = page.value.selection?.at ?? active;
      return rows.findIndex((row) => row.at === at);
    };
    const activeRow = () => latest.current.rows[Math.max(0, indexNow())];
    const go = (to: number, opens = page.value.selection !== null) => {
      const { rows, list } = latest.current;
      const index = Math.max(0, Math.min(rows.length - 1, to));
      const row = rows[index];
      if (row === undefined) return;
      setActiveAt(row.at);
      focusNext.current = row.at;
      list.show(index);
      if (opens) selectRow(row);
    };
    const step = (by: number, opens?: boolean) => {
      const index = indexNow();
      go(index < 0 ? 0 : index + by, opens);
    };
    const screen = () => {
      const { height, rowHeight } = latest.current.list.view;
      return Math.max(1, Math.floor(height / rowHeight) - 1);
    };
    const manage = (action: 'allow' | 'block') => {
      const row = activeRow();
      if (row !== undefined && row.host !== '') manageRequest.value = { action, row };
    };
    const withHost = (change: (host: string) => string) => {
      const host = activeRow()?.host ?? '';
      if (host !== '') updatePage({ q: change(host) });
    };
    return {
      search: () => latest.current.search.current?.focus(),
      next: () => step(1, true),
      previous: () => step(-1, true),
      down: () => step(1),
      up: () => step(-1),
      pageDown: () => step(screen()),
      pageUp: () => step(-screen()),
      newest: () => {
        latest.current.showNew();
        setActiveAt('');
        focusNext.current = NEWEST;
      },
      oldest: () => go(latest.current.rows.length - 1),
      open: () => go(Math.max(0, indexNow()), true),
      close: () => {
        focusNext.current = page.value.selection?.at ?? null;
        closeRow();
      },
      pause: () => {
        paused.value = !paused.value;
      },
      allow: () => manage('allow'),
      block: () => manage('block'),
      filterFor: () => withHost((host) => setTerm(page.value.q, 'host', [host])),
      filterOut: () =>
        withHost((host) => `${page.value.q} ${formatTerm('host', [host], true)}`.trim()),
      help: () => latest.current.openHelp(),
    };
  }, []);
  const setActive = useMemo(() => (row: Row) => setActiveAt(row.at), []);
  return { actions, activeAt, setActive };
}

/** The first row, once it is there. */
const NEWEST = 'newest';

export function selectRow(row: Row): void {
  updatePage({ selection: { id: row.id, at: row.at } });
}

export function closeRow(): void {
  updatePage({ selection: null });
}
