// Above the list: whether it is live, how times are shown, which columns there are, and the keys.

import { useEffect, useRef, useState } from 'preact/hooks';
import { paused } from '../kit/app-state.ts';
import { timeForm } from '../kit/preferences.ts';
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
      <button type="button" class="small" title="?" onClick={onHelp}>
        Keys
      </button>
    </div>
  );
}

function ColumnMenu() {
  const menu = useRef<HTMLDetailsElement>(null);
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const close = (event: Event) => {
      const isInside = event.target instanceof Node && menu.current?.contains(event.target);
      if (menu.current && !isInside) menu.current.open = false;
    };
    addEventListener('pointerdown', close);
    return () => removeEventListener('pointerdown', close);
  }, []);
  return (
    <details
      class="menu"
      ref={menu}
      onToggle={(event) => setOpen(event.currentTarget.open)}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !event.currentTarget.open) return;
        event.currentTarget.open = false;
        event.currentTarget.querySelector('summary')?.focus();
        event.stopPropagation();
      }}
    >
      <summary class="small">Columns</summary>
      <div class="menu-items">
        {(isOpen ? COLUMNS : [])
          .filter(({ name }) => name !== FLEXIBLE)
          .map(({ name, label }) => (
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
          ))}
      </div>
    </details>
  );
}
