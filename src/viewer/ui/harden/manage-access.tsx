// In the detail of a request: allow it, block it, and which entries decide it now, each with a way to
// take it out.

import { useEffect, useState } from 'preact/hooks';
import type { EntryPlace, PolicyOptions } from '../../policy/policy-options.ts';
import type { Row } from '../../store/row.ts';
import { isOfLeash } from '../kit/explain.ts';
import type { ManageTarget } from '../kit/manage-target.ts';
import { SafeText } from '../kit/safe-text.tsx';
import { changeCount, mayChange } from '../policy/change-state.ts';
import { fetchOptions } from '../policy/policy-client.ts';
import { removeAsk } from '../policy/remove-ask.ts';
import { RemoveDialog } from '../policy/remove-dialog.tsx';
import { askManage, targetOf } from './ask-manage.ts';

/** What the policy as it stands says of a request; null until it is known. */
export function useOptions(target: ManageTarget): PolicyOptions | null {
  const [answer, setAnswer] = useState<PolicyOptions | null>(null);
  const changes = changeCount.value;
  const { host, port, method, agent, url, reason, class: kind } = target;
  const ask = { host, port: String(port), method, agent, url, reason, class: kind };
  useEffect(() => {
    let isOld = false;
    fetchOptions(ask).then(
      (options) => isOld || setAnswer(options),
      () => isOld || setAnswer(null),
    );
    return () => {
      isOld = true;
    };
  }, [JSON.stringify(ask), changes]);
  return answer;
}

export function ManageAccess({ row }: { row: Row }) {
  const target = isOfLeash(row) ? null : targetOf(row);
  return target && <Manage target={target} />;
}

function Manage({ target }: { target: ManageTarget }) {
  const options = useOptions(target);
  const [removed, setRemoved] = useState<EntryPlace | null>(null);
  const access = mayChange.value;
  const title = access.may_change ? '' : `Not possible from here: ${access.reason}`;
  const entries = options === null ? [] : [options.allow.entry, options.block.entry];
  return (
    <section class="manage" aria-label="Manage access">
      <button
        type="button"
        disabled={!access.may_change}
        title={title}
        onClick={() => askManage('allow', target)}
      >
        Allow…
      </button>
      <button
        type="button"
        disabled={!access.may_change}
        title={title}
        onClick={() => askManage('block', target)}
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

function decisionText({ allow, block }: PolicyOptions): string {
  const enforce = allow.passes ? 'passes' : 'is blocked';
  return `By the policy of now it ${enforce} in enforce mode${block.passes ? '' : ', and is blocked in blocklist mode'}.`;
}
