// Which rows of a long list are drawn, and where the list has to stand so that nothing jumps. Pure.

/** Rows drawn above and below what can be seen. */
export const OVERSCAN = 12;
/** Nearer to the top than that: the reader looks at the newest. */
export const AT_TOP_PX = 30;

export type View = {
  /** Pixels scrolled. */
  readonly top: number;
  /** Pixels of rows that can be seen. */
  readonly height: number;
  readonly rowHeight: number;
};

/** First row drawn, and the one behind the last. */
export function drawnRange(count: number, { top, height, rowHeight }: View): [number, number] {
  const first = Math.floor(Math.max(0, top) / rowHeight) - OVERSCAN;
  const end = Math.ceil((Math.max(0, top) + height) / rowHeight) + OVERSCAN;
  const last = Math.min(count, Math.max(0, end));
  return [Math.max(0, Math.min(first, last)), last];
}

/** Where to scroll so that a row can be seen whole; where it can, nothing moves. */
export function scrollToShow(index: number, { top, height, rowHeight }: View): number {
  const rowTop = index * rowHeight;
  if (rowTop < top) return rowTop;
  return rowTop + rowHeight > top + height ? rowTop + rowHeight - height : top;
}

type Placed = { readonly at: string };

/**
 * Rows before and after a change, and where the list stood → where it has to stand so that the first
 * row that can be seen, or the next one that is still there, keeps its place on the screen.
 */
export function keepPlace(
  old: readonly Placed[],
  next: readonly Placed[],
  { top, rowHeight }: View,
): number {
  if (old.length === 0 || next.length === 0) return 0;
  const places = new Map(next.map(({ at }, index) => [at, index]));
  const first = Math.max(0, Math.min(old.length - 1, Math.floor(top / rowHeight)));
  for (let n = 0; n < old.length; n += 1) {
    // From the first visible row down, then those above it, nearest first.
    const index = first + n < old.length ? first + n : old.length - 1 - n;
    const place = places.get(old[index]?.at ?? '');
    if (place !== undefined) return Math.max(0, top + (place - index) * rowHeight);
  }
  return 0;
}
