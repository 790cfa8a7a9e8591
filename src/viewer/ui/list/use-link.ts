// The record of a link, in the list: once its row is there, it is the active one and can be seen.

import { useEffect, useRef } from 'preact/hooks';
import type { Row } from '../../store/row.ts';
import { page } from '../kit/app-state.ts';
import type { ListWindow } from './use-window.ts';

type LinkOptions = {
  readonly rows: readonly Row[];
  readonly list: ListWindow;
  /** The reader has gone somewhere else: the list is theirs. */
  readonly isScrolled: boolean;
  readonly setActive: (row: Row) => void;
};

export function useLink({ rows, list, isScrolled, setActive }: LinkOptions): void {
  const linked = useRef(page.peek().selection?.at ?? '');
  useEffect(() => {
    if (linked.current === '') return;
    if (page.peek().selection?.at !== linked.current) linked.current = '';
    const index = rows.findIndex(({ at }) => at === linked.current);
    const row = rows[index];
    if (row === undefined) return;
    linked.current = '';
    setActive(row);
    if (!isScrolled) list.show(index);
  }, [rows]);
}
