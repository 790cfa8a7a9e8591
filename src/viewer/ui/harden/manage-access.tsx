// In the detail of a request: allow it, block it, and which entries decide it now, each with a way to
// take it out.

import { useEffect, useState } from 'preact/hooks';
import type { EntryPlace, PolicyOptions } from '../../policy/policy-options.ts';
import type { Row } from '../../store/row.ts';
import { manageRequest, meta } from '../kit/app-state.ts';
import { Dialog } from '../kit/dialog.tsx';
import { isOfLeash } from '../kit/explain.ts';
import { SafeText } from '../kit/safe-text.tsx';
import { ChangePreview } from '../policy/change-preview.tsx';
import { changeCount, mayChange } from '../policy/change-state.ts';
import { fetchOptions } from '../policy/policy-client.ts';
import { removeAsk } from './manage-form.ts';

/** What the policy as it stands says of a row; null until it is known. */
export function useOptions(row: Row): PolicyOptions | null {
  const [answer, setAnswer] = useState<PolicyOptions | null>(null);
  const changes = changeCount.value;
  useEffect(() => {
    let isOld = false;
    fetchOptions(optionsAsk(row)).then(
      (options) => isOld || setAnswer(options),
      () => isOld || setAnswer(null),
    );
    return () => {
      isOld = true;
    };
  }, [row.at, changes]);
  return answer;
}

export function ManageAccess({ row }: { row: Row }) {
  if (isOfLeash(row) || row.host === '' || row.port === null) return null;
  return <Manage row={row} />;
}

function Manage({ row }: { row: Row }) {
  const options = useOptions(row);
  const [removed, setRemoved] = useState<EntryPlace | null>(null);
  const access = mayChange.value;
  const title = access.may_change ? '' : `Not possible from here: ${access.reason}`;
  const open = (action: 'allow' | 'block') => {
    manageRequest.value = { action, row };
  };
  const entries = options === null ? [] : [options.allow.entry, options.block.entry];
  return (
    <section class="manage" aria-label="Manage access">
      <button
        type="button"
        disabled={!access.may_change}
        title={title}
        onClick={() => open('allow')}
      >
        Allow…
      </button>
      <button
        type="button"
        disabled={!access.may_change}
        title={title}
        onClick={() => open('block')}
      >
        Block…
      </button>
      {options && <span class="hint">{decisionText(options)}</span>}
      {entries.map(
        (entry) =>
          entry && (
            <span class="entry">
              <code>
                <SafeText text={`${entry.file}:${entry.line} ${entry.host}`} />
              </code>{' '}
              {removeAsk(entry) === null ? (
                <span class="hint">(edit it on the Policy page)</span>
              ) : (
                <button
                  type="button"
                  class="small"
                  disabled={!access.may_change}
                  title={title}
                  onClick={() => setRemoved(entry)}
                >
                  Remove…
                </button>
              )}
            </span>
          ),
      )}
      {!access.may_change && access.reason !== 'asking' && (
        <span class="hint">Read only from here: {access.reason}</span>
      )}
      {removed && <RemoveDialog entry={removed} onClose={() => setRemoved(null)} />}
    </section>
  );
}

export function RemoveDialog({ entry, onClose }: { entry: EntryPlace; onClose: () => void }) {
  const ask = removeAsk(entry);
  if (ask === null) return null;
  return (
    <Dialog title="Remove this entry?" onClose={onClose} wide>
      <p class="sentence">
        <code>
          <SafeText text={`${entry.file}:${entry.line} ${entry.host}`} />
        </code>
      </p>
      <ChangePreview
        ask={ask}
        verb="Remove"
        done={`Removed ${entry.host} from ${entry.file}`}
        mode={meta.value?.mode ?? ''}
        danger
        onDone={onClose}
        onCancel={onClose}
      />
    </Dialog>
  );
}

function decisionText({ allow, block }: PolicyOptions): string {
  const enforce = allow.passes ? 'passes' : 'is blocked';
  return `By the policy of now it ${enforce} in enforce mode${block.passes ? '' : ', and is blocked in blocklist mode'}.`;
}

function optionsAsk({ host, port, method, agent, url }: Row): Record<string, string> {
  return { host, port: String(port ?? ''), method, agent, url };
}
