// What the keys do to the list: which row is the active one, and what happens to it.

import type { RefObject } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Row } from '../../store/row.ts';
import { askManage, targetOf } from '../harden/ask-manage.ts';
import { openRow, page, paused, updatePage } from '../kit/app-state.ts';
import { addSelected, toggleSelected } from '../kit/selected-rows.ts';
import type { KeyActions } from '../kit/use-keys.ts';
import { editQuery } from '../query/draft.ts';
import { hideValue, showOnly } from '../query/edit-query.ts';
import { isAfter } from './merge-rows.ts';
import type { ListWindow } from './use-window.ts';

type ActionOptions = {
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
  /** Puts a row aside, or takes it back; `range`: with all between it and the last one. */
  choose: (row: Row, range: boolean) => void;
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
    const atNow = () => page.value.selection?.at ?? latest.current.activeAt;
    const indexNow = () => latest.current.rows.findIndex(({ at }) => at === atNow());
    // Of a link, or of a row that the window let go, the list has nothing: the record itself says it.
    const activeRow = () => {
      const open = openRow.value?.at === atNow() ? openRow.value : undefined;
      return latest.current.rows[indexNow()] ?? open;
    };
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
      const { rows } = latest.current;
      const index = indexNow();
      if (index >= 0) return go(index + by, opens);
      if (page.value.selection === null) return go(0, opens);
      if (by === 0) return;
      // The open record is not in the list: on from where it would stand.
      const older = rows.findIndex((row) => isAfter(atNow(), row.at));
      const place = (older < 0 ? rows.length : older) + (by > 0 ? by - 1 : by);
      if (place >= 0 && place < rows.length) go(place, opens);
    };
    const screen = () => {
      const { height, rowHeight } = latest.current.list.view;
      return Math.max(1, Math.floor(height / rowHeight) - 1);
    };
    const manage = (action: 'allow' | 'block') => {
      const row = activeRow();
      if (row !== undefined) askManage(action, targetOf(row));
    };
    const withHost = (change: (q: string, host: string) => string) => {
      const host = activeRow()?.host ?? '';
      if (host !== '') editQuery((q) => change(q, host));
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
      open: () => step(0, true),
      close: () => {
        focusNext.current = page.value.selection?.at ?? null;
        closeRow();
      },
      pause: () => {
        paused.value = !paused.value;
      },
      allow: () => manage('allow'),
      block: () => manage('block'),
      filterFor: () => withHost((q, host) => showOnly(q, 'host', host)),
      filterOut: () => withHost((q, host) => hideValue(q, 'host', host)),
      choose: () => {
        const row = activeRow();
        if (row !== undefined) toggleSelected(row);
      },
      help: () => latest.current.openHelp(),
    };
  }, []);
  const setActive = useMemo(() => (row: Row) => setActiveAt(row.at), []);
  const lastChosen = useRef('');
  const choose = useMemo(
    () => (row: Row, range: boolean) => {
      const { rows, activeAt: active } = latest.current;
      const from = rows.findIndex(({ at }) => at === (lastChosen.current || active));
      const to = rows.findIndex(({ at }) => at === row.at);
      lastChosen.current = row.at;
      if (!range || from < 0 || to < 0) toggleSelected(row);
      else addSelected(rows.slice(Math.min(from, to), Math.max(from, to) + 1));
    },
    [],
  );
  return { actions, activeAt, setActive, choose };
}

/** The first row, once it is there. */
const NEWEST = 'newest';

export function selectRow(row: Row): void {
  updatePage({ selection: { id: row.id, at: row.at } });
}

export function closeRow(): void {
  updatePage({ selection: null });
}
