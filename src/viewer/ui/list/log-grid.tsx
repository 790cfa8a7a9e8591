// The list as a grid: the heads, and of the rows those that can be seen. Rows have one height, so
// the place of each is known without drawing the others.

// biome-ignore-all lint/a11y/noRedundantRoles: a table that is drawn as a grid loses its own roles
// biome-ignore-all lint/a11y/noNoninteractiveElementToInteractiveRole: a table that is drawn as a grid loses its own roles

import type { Row } from '../../store/row.ts';
import { selectedRows } from '../kit/selected-rows.ts';
import { ColumnHeader } from './column-header.tsx';
import { layout } from './column-layout.ts';
import { gridTemplate, shownColumns } from './columns.ts';
import { LogRow } from './log-row.tsx';

type LogGridProps = {
  readonly rows: readonly Row[];
  /** First row drawn, and the one behind the last. */
  readonly range: readonly [number, number];
  readonly rowHeight: number;
  /** Rows above the first one that are not held any more. */
  readonly above: number;
  /** All rows of the query are held or counted. */
  readonly isComplete: boolean;
  readonly split: boolean;
  readonly selectedAt: string;
  readonly activeAt: string;
  readonly onSelect: (row: Row) => void;
  readonly onChoose: (row: Row, range: boolean) => void;
  readonly onFocus: (row: Row) => void;
};

export function LogGrid(props: LogGridProps) {
  const { rows, range, rowHeight, above, isComplete, split, selectedAt, activeAt } = props;
  const columns = shownColumns(layout.value, split);
  const active = rows.findIndex(({ at }) => at === activeAt);
  const chosen = new Set(selectedRows.value.map(({ at }) => at));
  const [first, end] = range;
  // The row with the focus stays in the page, wherever it was scrolled to: the focus would be lost.
  const drawn = [...Array(end - first).keys()].map((n) => n + first);
  if (active >= 0 && (active < first || active >= end)) drawn.push(active);
  return (
    <table
      class="log"
      role="grid"
      aria-label="Requests, newest first"
      aria-rowcount={isComplete ? above + rows.length + 1 : -1}
      aria-colcount={columns.length}
      style={{ '--columns': gridTemplate(columns, layout.value, split) }}
    >
      <ColumnHeader columns={columns} />
      <tbody role="rowgroup" style={{ height: `${rows.length * rowHeight}px` }}>
        {drawn.map((index) => {
          const row = rows[index];
          return (
            row && (
              <LogRow
                key={row.at}
                row={row}
                top={index * rowHeight}
                rowIndex={above + index + 2}
                columns={columns}
                selected={row.at === selectedAt}
                chosen={chosen.has(row.at)}
                active={active < 0 ? index === 0 : index === active}
                onSelect={props.onSelect}
                onChoose={props.onChoose}
                onFocus={props.onFocus}
              />
            )
          );
        })}
      </tbody>
    </table>
  );
}
