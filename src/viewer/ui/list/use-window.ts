// Which rows are drawn while the list is scrolled, and that they keep their place when others come or
// go above them. Knows the scrolled element; knows nothing of what a row shows.

import type { RefObject } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Row } from '../../store/row.ts';
import { AT_TOP_PX, drawnRange, keepPlace, scrollToShow, type View } from './window-math.ts';

export type ListWindow = {
  /** First row drawn, and the one behind the last. */
  readonly range: readonly [number, number];
  readonly view: View;
  readonly onScroll: () => void;
  readonly show: (index: number) => void;
  readonly goTop: () => void;
};

type WindowOptions = {
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly rows: readonly Row[];
  readonly rowHeight: number;
  readonly headHeight: number;
  /** No row is above the first: at the top, new rows push the others down. */
  readonly isAtNewest: boolean;
};

export function useWindow(options: WindowOptions): ListWindow {
  const { scroller, rows, rowHeight, headHeight, isAtNewest } = options;
  const [, redraw] = useState(0);
  const last = useRef({ rows, rowHeight, isAtNewest });
  const element = scroller.current;
  const height = Math.max(0, (element?.clientHeight ?? 800) - headHeight);
  const stood = element?.scrollTop ?? 0;

  // Before anything is drawn: the place that the reader looked at, where it will be.
  let top = stood;
  const { rows: old, rowHeight: oldHeight, isAtNewest: wasAtNewest } = last.current;
  if (oldHeight !== rowHeight) top = (stood / oldHeight) * rowHeight;
  if (old !== rows && !(wasAtNewest && isAtNewest && stood <= AT_TOP_PX)) {
    top = keepPlace(old, rows, { top, height, rowHeight });
  }
  const view = { top, height, rowHeight };
  useLayoutEffect(() => {
    last.current = { rows, rowHeight, isAtNewest };
    if (top !== stood && scroller.current) scroller.current.scrollTop = top;
  });

  useEffect(() => {
    if (scroller.current === null) return;
    const observer = new ResizeObserver(() => redraw((n) => n + 1));
    observer.observe(scroller.current);
    return () => observer.disconnect();
  }, []);
  const onScroll = useCallback(() => redraw((n) => n + 1), []);
  const scrollTo = (to: number) => {
    if (scroller.current === null) return;
    scroller.current.scrollTop = to;
    redraw((n) => n + 1);
  };
  return {
    range: drawnRange(rows.length, view),
    view,
    onScroll,
    show: (index) => {
      const now = { ...view, top: scroller.current?.scrollTop ?? top };
      const to = scrollToShow(index, now);
      if (to !== now.top) scrollTo(to);
    },
    goTop: () => scrollTo(0),
  };
}
