// Above the list: whether it is live, how times are shown, which columns there are, what is
// selected, the export, and the keys.

import { paused } from '../kit/app-state.ts';
import { ExportMenu } from '../kit/export-menu.tsx';
import { Menu } from '../kit/menu.tsx';
import { timeForm } from '../kit/preferences.ts';
import { selectedRows } from '../kit/selected-rows.ts';
import { layout } from './column-layout.ts';
import { COLUMNS, FLEXIBLE, withHidden } from './columns.ts';

export function ListBar({ onHelp }: { onHelp: () => void }) {
  const isPaused = paused.value;
  return (
    <div class="list-bar" role="toolbar" aria-label="List">
      <button
        type="button"
        class={isPaused ? 'small on' : 'small'}
        aria-pressed={isPaused}
        title="Space"
        onClick={() => {
          paused.value = !isPaused;
        }}
      >
        {isPaused ? 'Resume' : 'Pause'}
      </button>
      <span class={isPaused ? 'live-state paused' : 'live-state'} role="status">
        {isPaused ? 'Paused: new rows wait' : 'Live'}
      </span>
      <span class="room" />
      <SelectedCount />
      <button
        type="button"
        class="small"
        title="How times are shown"
        onClick={() => {
          timeForm.value = timeForm.value === 'clock' ? 'ago' : 'clock';
        }}
      >
        {timeForm.value === 'clock' ? 'Times: clock' : 'Times: ago'}
      </button>
      <ColumnMenu />
      <ExportMenu />
      <button type="button" class="small" title="?" onClick={onHelp}>
        Keys
      </button>
    </div>
  );
}

/** How many rows are put aside; as long as none is, nothing. */
function SelectedCount() {
  const count = selectedRows.value.length;
  return (
    <span class="selected-count" role="status">
      {count > 0 && (
        <>
          {count} selected{' '}
          <button
            type="button"
            class="small"
            onClick={() => {
              selectedRows.value = [];
            }}
          >
            Clear selection
          </button>
        </>
      )}
    </span>
  );
}

function ColumnMenu() {
  return (
    <Menu label="Columns" panel="column-choices" isSmall>
      {() =>
        COLUMNS.filter(({ name }) => name !== FLEXIBLE).map(({ name, label }) => (
          <label>
            <input
              type="checkbox"
              checked={!layout.value.hidden.includes(name)}
              onChange={({ currentTarget: { checked } }) => {
                layout.value = withHidden(layout.value, name, !checked);
              }}
            />
            {label}
          </label>
        ))
      }
    </Menu>
  );
}
