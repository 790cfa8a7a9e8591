// The window that allows or blocks what a row asked for, as narrow or as wide as a person chooses. What
// would come of it is tried while they choose.

import { useState } from 'preact/hooks';
import { manageRequest, meta } from '../kit/app-state.ts';
import { Dialog } from '../kit/dialog.tsx';
import type { ManageTarget } from '../kit/manage-target.ts';
import { SafeText } from '../kit/safe-text.tsx';
import { ChangePreview } from '../policy/change-preview.tsx';
import { prefixText } from './backlog-state.ts';
import { ExpiryField } from './expiry-field.tsx';
import { useOptions } from './manage-access.tsx';
import { addAsk, entryOf, isAddress, type ManageForm, newForm } from './manage-form.ts';

/** Shows the window while there is a request for it. */
export function ManageDialogs() {
  const request = manageRequest.value;
  if (request === null) return null;
  return <ManageDialog key={JSON.stringify(request)} {...request} />;
}

type DialogProps = { action: 'allow' | 'block'; target: ManageTarget };

function ManageDialog({ action, target }: DialogProps) {
  const [form, setForm] = useState(newForm(action, target.prefix));
  const close = () => {
    manageRequest.value = null;
  };
  const set = (change: Partial<ManageForm>) => setForm({ ...form, ...change });
  const entry = entryOf(form, target);
  const verb = action === 'allow' ? 'Allow' : 'Block';
  return (
    <Dialog
      title={
        <>
          {verb} <SafeText text={`${target.host}:${target.port}`} />
        </>
      }
      onClose={close}
      wide
    >
      <div class="manage-form">
        <HostField form={form} target={target} set={set} />
        <PathField form={form} target={target} set={set} />
        <OtherFields form={form} target={target} set={set} />
      </div>
      <ChangePreview
        ask={addAsk(action, [entry])}
        verb={verb}
        done={`${action === 'allow' ? 'Allowed' : 'Blocked'} ${entry.host}`}
        mode={meta.value?.mode ?? ''}
        danger={action === 'block'}
        onDone={close}
        onCancel={close}
      />
    </Dialog>
  );
}

type FieldProps = {
  readonly form: ManageForm;
  readonly target: ManageTarget;
  readonly set: (change: Partial<ManageForm>) => void;
};

function HostField({ form, target, set }: FieldProps) {
  const options = useOptions(target);
  const wider = options?.wider_hosts ?? [];
  const choices = isAddress(target.host)
    ? [{ value: 'exact', text: `${target.host}, this address` }]
    : [
        { value: 'exact', text: `${target.host}, this name alone` },
        { value: 'below', text: `${target.host} and all names below it` },
        ...wider.map((host) => ({ value: host, text: `${host} and all names below it` })),
      ];
  return (
    <fieldset>
      <legend>Host</legend>
      {choices.map(({ value, text }) => (
        <label class="choice">
          <input
            type="radio"
            name="width"
            checked={form.width === value}
            onChange={() => set({ width: value })}
          />
          <SafeText text={text} />
        </label>
      ))}
      {options?.address === 'private' && form.action === 'allow' && (
        <p class="warn-text">
          This is a private address: allowing it lets agents reach a machine of the own network.
        </p>
      )}
      {target.reason === 'address_not_allowed' &&
        !isAddress(target.host) &&
        form.action === 'allow' && (
          <label class="choice">
            <input
              type="checkbox"
              checked={form.isPrivate}
              onChange={({ currentTarget }) => set({ isPrivate: currentTarget.checked })}
            />
            <span>
              It may lead to a private address.{' '}
              <span class="warn-text">
                Whoever controls this name can then point agents at machines of the own network.
              </span>
            </span>
          </label>
        )}
    </fieldset>
  );
}

function PathField({ form, target, set }: FieldProps) {
  const options = useOptions(target);
  const known = (options?.prefixes ?? []).filter((prefix) => prefix !== '/');
  const prefixes = [...new Set([...(target.prefix === '' ? [] : [target.prefix]), ...known])];
  const method = /^[A-Za-z-]{1,32}$/.test(target.method) && target.method !== 'CONNECT';
  return (
    <fieldset>
      <legend>Path and method</legend>
      <label class="line">
        Path
        <select
          aria-label="Path"
          value={form.prefix}
          onChange={({ currentTarget }) => set({ prefix: currentTarget.value })}
        >
          <option value="">any path</option>
          {prefixes.map((prefix) => (
            <option value={prefix}>{prefixText(prefix)}</option>
          ))}
        </select>
      </label>
      {prefixes.length === 0 && (
        <p class="hint">
          No path is known of this request: the tunnel was refused, or is not opened.
        </p>
      )}
      {method && (
        <label class="choice">
          <input
            type="checkbox"
            checked={form.oneMethod}
            onChange={({ currentTarget }) => set({ oneMethod: currentTarget.checked })}
          />
          <span>
            only <SafeText text={target.method} />
          </span>
        </label>
      )}
      {form.action === 'allow' ? (
        <p class="hint">Port {target.port} only.</p>
      ) : (
        <label class="choice">
          <input
            type="checkbox"
            checked={form.onePort}
            onChange={({ currentTarget }) => set({ onePort: currentTarget.checked })}
          />
          only port {target.port}
        </label>
      )}
    </fieldset>
  );
}

function OtherFields({ form, target, set }: FieldProps) {
  return (
    <fieldset>
      <legend>Who, how long, why</legend>
      <label class="choice">
        <input
          type="checkbox"
          disabled={target.agent === ''}
          checked={form.oneAgent}
          onChange={({ currentTarget }) => set({ oneAgent: currentTarget.checked })}
        />
        <span>
          {target.agent === '' ? (
            <span class="hint">only this agent: agents.yaml has no name for it</span>
          ) : (
            <>
              only agent <SafeText text={target.agent} />
            </>
          )}
        </span>
      </label>
      {form.action === 'allow' && (
        <ExpiryField value={form.expires} onChange={(expires) => set({ expires })} />
      )}
      <label class="line">
        Reason
        <input
          type="text"
          maxLength={300}
          placeholder="stands in the file"
          value={form.reason}
          onInput={({ currentTarget }) => set({ reason: currentTarget.value })}
        />
      </label>
    </fieldset>
  );
}
