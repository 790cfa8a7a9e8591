// The columns of the list: which there are, how wide they are, what somebody hid. Pure.

export const COLUMNS = [
  { name: 'time', label: 'Time', width: 150 },
  { name: 'client', label: 'Client', width: 136 },
  { name: 'class', label: 'Decision', width: 126 },
  { name: 'method', label: 'Method', width: 88 },
  { name: 'url', label: 'Address', width: 0 },
  { name: 'port', label: 'Port', width: 62 },
  { name: 'status', label: 'Status', width: 66 },
  { name: 'size', label: 'Size', width: 78 },
  { name: 'took', label: 'Took', width: 88 },
] as const;

export type Column = (typeof COLUMNS)[number];
export type ColumnName = Column['name'];
/** The address takes what is left, and is always there: without it a row says nothing. */
export const FLEXIBLE: ColumnName = 'url';

export type Layout = {
  readonly hidden: readonly ColumnName[];
  /** Of those that were changed. */
  readonly widths: Readonly<Partial<Record<ColumnName, number>>>;
};

export const MIN_WIDTH = 40;
export const MAX_WIDTH = 600;
const SPLIT_ICON_WIDTH = 34;
/** Beside an open record there is room for these. */
const IN_SPLIT: ReadonlySet<ColumnName> = new Set(['time', 'class', 'method', 'url', 'status']);

/** Anything → a layout; what is no column or no width is left out. */
export function parseLayout(value: unknown): Layout {
  const { hidden, widths } = isObject(value) ? value : { hidden: [], widths: {} };
  const names = Array.isArray(hidden) ? hidden : [];
  const sizes = isObject(widths) ? widths : {};
  return {
    hidden: COLUMNS.map(({ name }) => name).filter(
      (name) => name !== FLEXIBLE && names.includes(name),
    ),
    widths: Object.fromEntries(
      COLUMNS.flatMap(({ name }) => {
        const size = Object.hasOwn(sizes, name) ? sizes[name] : undefined;
        const isWidth = typeof size === 'number' && Number.isFinite(size) && name !== FLEXIBLE;
        return isWidth ? [[name, clampWidth(size)]] : [];
      }),
    ),
  };
}

export function clampWidth(width: number): number {
  return Math.round(Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, width)));
}

export function widthOf({ name, width }: Column, { widths }: Layout): number {
  return widths[name] ?? width;
}

/** The columns that are drawn; `split`: beside an open record. */
export function shownColumns({ hidden }: Layout, split: boolean): readonly Column[] {
  return COLUMNS.filter(({ name }) => !hidden.includes(name) && (!split || IN_SPLIT.has(name)));
}

/** Their widths, as `grid-template-columns`. */
export function gridTemplate(columns: readonly Column[], of: Layout, split: boolean): string {
  return columns
    .map((column) => {
      if (column.name === FLEXIBLE) return 'minmax(140px, 1fr)';
      if (split && column.name === 'class') return `${SPLIT_ICON_WIDTH}px`;
      return `${widthOf(column, of)}px`;
    })
    .join(' ');
}

export function withWidth(of: Layout, name: ColumnName, width: number): Layout {
  return { ...of, widths: { ...of.widths, [name]: clampWidth(width) } };
}

export function withHidden(of: Layout, name: ColumnName, isHidden: boolean): Layout {
  const others = of.hidden.filter((each) => each !== name);
  return { ...of, hidden: isHidden ? [...others, name] : others };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
