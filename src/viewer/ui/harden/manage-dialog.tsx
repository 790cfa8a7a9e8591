// The window that allows or blocks what a row asked for, as narrow or as wide as a person chooses. What
// would come of it is tried while they choose.

import { useState } from 'preact/hooks';
import type { Row } from '../../store/row.ts';
import { manageRequest, meta } from '../kit/app-state.ts';
import { Dialog } from '../kit/dialog.tsx';
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
  const { action, row } = request;
  // What leash says of itself can be neither allowed nor blocked.
  if (row.host === '' || row.port === null) return null;
  return <ManageDialog key={`${row.at} ${action}`} action={action} row={row} />;
}

function ManageDialog({ action, row }: { action: 'allow' | 'block'; row: Row }) {
  const [form, setForm] = useState(newForm(action));
  const close = () => {
    manageRequest.value = null;
  };
  const set = (change: Partial<ManageForm>) => setForm({ ...form, ...change });
  const target = { host: row.host, port: row.port ?? 0, method: row.method, agent: row.agent };
  const entry = entryOf(form, target);
  const verb = action === 'allow' ? 'Allow' : 'Block';
  return (
    <Dialog
      title={
        <>
          {verb} <SafeText text={`${row.host}:${row.port}`} />
        </>
      }
      onClose={close}
      wide
    >
      <div class="manage-form">
        <HostField form={form} row={row} set={set} />
        <PathField form={form} row={row} set={set} />
        <OtherFields form={form} row={row} set={set} />
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
  readonly row: Row;
  readonly set: (change: Partial<ManageForm>) => void;
};

function HostField({ form, row, set }: FieldProps) {
  const options = useOptions(row);
  const wider = options?.wider_hosts ?? [];
  const choices = isAddress(row.host)
    ? [{ value: 'exact', text: `${row.host}, this address` }]
    : [
        { value: 'exact', text: `${row.host}, this name alone` },
        { value: 'below', text: `${row.host} and all names below it` },
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
      {row.reason === 'address_not_allowed' && !isAddress(row.host) && form.action === 'allow' && (
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

function PathField({ form, row, set }: FieldProps) {
  const options = useOptions(row);
  const prefixes = (options?.prefixes ?? []).filter((prefix) => prefix !== '/');
  const method = /^[A-Za-z-]{1,32}$/.test(row.method) && row.method !== 'CONNECT';
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
            only <SafeText text={row.method} />
          </span>
        </label>
      )}
      {form.action === 'allow' ? (
        <p class="hint">Port {row.port} only.</p>
      ) : (
        <label class="choice">
          <input
            type="checkbox"
            checked={form.onePort}
            onChange={({ currentTarget }) => set({ onePort: currentTarget.checked })}
          />
          only port {row.port}
        </label>
      )}
    </fieldset>
  );
}

function OtherFields({ form, row, set }: FieldProps) {
  return (
    <fieldset>
      <legend>Who, how long, why</legend>
      <label class="choice">
        <input
          type="checkbox"
          disabled={row.agent === ''}
          checked={form.oneAgent}
          onChange={({ currentTarget }) => set({ oneAgent: currentTarget.checked })}
        />
        <span>
          {row.agent === '' ? (
            <span class="hint">only this agent: agents.yaml has no name for it</span>
          ) : (
            <>
              only agent <SafeText text={row.agent} />
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
