// All keys of the page, and the switch for those of a single character.

import type { Ref } from 'preact';
import { shortcutsOn } from '../kit/preferences.ts';
import { SHORTCUTS } from '../kit/shortcuts.ts';

export function HelpDialog({ dialogRef }: { dialogRef: Ref<HTMLDialogElement> }) {
  return (
    <dialog ref={dialogRef} class="help" aria-labelledby="help-title">
      <h2 id="help-title">Keys</h2>
      <dl>
        {SHORTCUTS.map(({ shown, says, single }) => (
          <div class={single && !shortcutsOn.value ? 'off' : ''}>
            <dt>
              <kbd>{shown}</kbd>
            </dt>
            <dd>{says}</dd>
          </div>
        ))}
      </dl>
      <label class="toggle">
        <input
          type="checkbox"
          checked={shortcutsOn.value}
          onChange={({ currentTarget: { checked } }) => {
            shortcutsOn.value = checked;
          }}
        />
        Single-key shortcuts
      </label>
      <form method="dialog">
        <button type="submit" class="primary">
          Close
        </button>
      </form>
    </dialog>
  );
}
