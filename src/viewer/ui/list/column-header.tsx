// The heads of the columns, and the edges by which they are made wider: with a pointer, or with the
// arrow keys.

// biome-ignore-all lint/a11y/noRedundantRoles: a table that is drawn as a grid loses its own roles
// biome-ignore-all lint/a11y/useSemanticElements: a table that is drawn as a grid loses its own roles

import { layout } from './column-layout.ts';
import type { Column } from './columns.ts';
import { clampWidth, FLEXIBLE, MAX_WIDTH, MIN_WIDTH, widthOf, withWidth } from './columns.ts';
import { zoneOf } from './times.ts';

const KEY_STEP_PX = 8;

export function ColumnHeader({ columns }: { columns: readonly Column[] }) {
  return (
    <thead role="rowgroup">
      <tr role="row" aria-rowindex={1}>
        {columns.map((column, index) => (
          <th
            role="columnheader"
            class={`c-${column.name}`}
            aria-colindex={index + 1}
            title={column.label}
          >
            <span class="head-text" id={`head-${column.name}`}>
              {column.label}
              {column.name === 'time' && <span class="zone"> {zoneOf(new Date())}</span>}
            </span>
            {column.name !== FLEXIBLE && <Edge column={column} />}
          </th>
        ))}
      </tr>
    </thead>
  );
}

function Edge({ column }: { column: Column }) {
  const width = widthOf(column, layout.value);
  const set = (next: number) => {
    layout.value = withWidth(layout.value, column.name, next);
  };
  const drag = (event: PointerEvent) => {
    event.preventDefault();
    const edge = event.currentTarget as HTMLElement;
    edge.setPointerCapture(event.pointerId);
    const move = ({ clientX }: PointerEvent) => set(width + clientX - event.clientX);
    edge.addEventListener('pointermove', move);
    const stop = () => edge.removeEventListener('pointermove', move);
    edge.addEventListener('pointerup', stop, { once: true });
    edge.addEventListener('pointercancel', stop, { once: true });
  };
  return (
    <span
      class="edge"
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label="Column width"
      aria-describedby={`head-${column.name}`}
      aria-valuemin={MIN_WIDTH}
      aria-valuemax={MAX_WIDTH}
      aria-valuenow={clampWidth(width)}
      title="Drag, or press the left and right arrow keys"
      onPointerDown={drag}
      onKeyDown={(event) => {
        if (event.key === 'ArrowLeft') set(width - KEY_STEP_PX);
        else if (event.key === 'ArrowRight') set(width + KEY_STEP_PX);
        else return;
        event.preventDefault();
      }}
    />
  );
}
