// Allows or blocks several groups of the backlog in one change, with one trial and one diff.

import { useState } from 'preact/hooks';
import { spanSeconds } from '../../../shared/query.ts';
import type { BacklogGroup } from '../../harden/backlog.ts';
import { meta } from '../kit/app-state.ts';
import { Dialog } from '../kit/dialog.tsx';
import { plural } from '../kit/format.ts';
import { SafeText } from '../kit/safe-text.tsx';
import { ChangePreview } from '../policy/change-preview.tsx';
import { anyPathText } from './backlog-state.ts';
import { ExpiryField } from './expiry-field.tsx';
import { addAsk, entryOf, newForm } from './manage-form.ts';

type AllowManyProps = {
  readonly action: 'allow' | 'block';
  readonly groups: readonly BacklogGroup[];
  readonly since: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
};

/** The server takes so many entries in one change. */
const MAX_ENTRIES = 200;

export function AllowMany({ action, groups, since, onClose, onDone }: AllowManyProps) {
  const [narrow, setNarrow] = useState(true);
  const [oneAgent, setOneAgent] = useState(false);
  const [expires, setExpires] = useState('');
  const entries = groups.map((group) => {
    const form = newForm(action, narrow ? group.prefix : '');
    return entryOf({ ...form, oneAgent, expires }, group);
  });
  const ask = addAsk(action, entries);
  const window = Math.round(spanSeconds(since) ?? 86_400);
  const verb = action === 'allow' ? 'Allow' : 'Block';
  const anyPath = narrow ? anyPathText(groups) : '';
  const named = groups.some(({ agent }) => agent !== '');
  return (
    <Dialog title={`${verb} ${plural(groups.length, 'group')}`} onClose={onClose} wide>
      <div class="manage-form">
        <fieldset>
          <legend>How wide</legend>
          <label class="choice">
            <input type="radio" name="many" checked={narrow} onChange={() => setNarrow(true)} />
            each method and path prefix, on this name alone (suggested)
          </label>
          <label class="choice">
            <input type="radio" name="many" checked={!narrow} onChange={() => setNarrow(false)} />
            the hosts, any path and method
          </label>
          <p class="hint">Where a tunnel was refused no path is known: there it is the host.</p>
          {anyPath !== '' && (
            <p class="warn-text">
              <SafeText text={anyPath} />
            </p>
          )}
        </fieldset>
        <fieldset>
          <legend>Who, how long</legend>
          <label class="choice">
            <input
              type="checkbox"
              disabled={!named}
              checked={oneAgent}
              onChange={({ currentTarget }) => setOneAgent(currentTarget.checked)}
            />
            only the agents that asked{!named && ': agents.yaml has no names for them'}
          </label>
          {action === 'allow' && <ExpiryField value={expires} onChange={setExpires} />}
        </fieldset>
      </div>
      {entries.length > MAX_ENTRIES ? (
        <p class="error">At most {MAX_ENTRIES} in one change: select fewer.</p>
      ) : (
        <ChangePreview
          ask={{ ...ask, body: { ...ask.body, window_s: window } }}
          verb={verb}
          done={`${action === 'allow' ? 'Allowed' : 'Blocked'} ${plural(groups.length, 'group')}`}
          mode={meta.value?.mode ?? ''}
          danger={action === 'block'}
          onDone={onDone}
          onCancel={onClose}
        />
      )}
    </Dialog>
  );
}
