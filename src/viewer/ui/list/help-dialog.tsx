// All keys of the page, and the switch for those of a single character.

import { Dialog } from '../kit/dialog.tsx';
import { shortcutsOn } from '../kit/preferences.ts';
import { SHORTCUTS } from '../kit/shortcuts.ts';

export function HelpDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="help">
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
      <footer class="dialog-actions">
        <button type="button" class="primary" onClick={onClose}>
          Close
        </button>
      </footer>
    </Dialog>
  );
}
