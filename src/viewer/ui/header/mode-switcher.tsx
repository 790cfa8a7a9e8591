// Shows the mode and switches it. What blocks less than before is asked about, with what would pass
// then; what blocks more is done at once and can be undone.

import { useEffect, useState } from 'preact/hooks';
import { meta } from '../kit/app-state.ts';
import { Dialog } from '../kit/dialog.tsx';
import { toast } from '../kit/toast.ts';
import { ChangePreview } from '../policy/change-preview.tsx';
import { applyChange, lastUndo, loadAccess, mayChange, messageOf } from '../policy/change-state.ts';

const MODES = ['enforce', 'blocklist', 'audit'] as const;
/** The smaller, the less passes. */
const LOOSENESS: ReadonlyMap<string, number> = new Map(MODES.map((mode, at) => [mode, at]));
const PASSES: ReadonlyMap<string, string> = new Map([
  [
    'audit',
    'Everything will pass, for every agent: no list blocks. What enforce would block is marked.',
  ],
  [
    'blocklist',
    'Everything will pass, for every agent, except what blocklist.yaml names. What enforce would block is marked.',
  ],
]);

export function ModeSwitcher() {
  const mode = meta.value?.mode ?? null;
  const [asked, setAsked] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  // Who may change something is itself a part of what is in force.
  const inForce = JSON.stringify([
    mode,
    meta.value?.policy_version,
    meta.value?.agents_known,
    meta.value?.policy_problems,
  ]);
  useEffect(() => void loadAccess(), [inForce]);
  if (mode === null) return null;
  const access = mayChange.value;
  const choose = (wanted: string) => {
    if (wanted === mode) return;
    const isLooser = (LOOSENESS.get(wanted) ?? 9) > (LOOSENESS.get(mode) ?? 0);
    if (isLooser) setAsked(wanted);
    else void tighten(mode, wanted, setBusy);
  };
  return (
    <>
      <label class={`mode-switch mode-${mode === 'enforce' ? 'enforce' : 'open'}`}>
        <span>Mode</span>
        <select
          value={mode}
          disabled={!access.may_change || busy}
          title={access.may_change ? '' : `Not possible from here: ${access.reason}`}
          onChange={({ currentTarget }) => {
            const wanted = currentTarget.value;
            // What is shown is what is in force.
            currentTarget.value = mode;
            choose(wanted);
          }}
        >
          {(LOOSENESS.has(mode) ? MODES : [mode, ...MODES]).map((name) => (
            <option value={name}>{name}</option>
          ))}
        </select>
      </label>
      {asked !== null && (
        <Dialog title={`Switch from ${mode} to ${asked}?`} onClose={() => setAsked(null)}>
          <p class="sentence">{PASSES.get(asked)}</p>
          <ChangePreview
            ask={modeAsk(asked)}
            verb={`Switch to ${asked}`}
            done={`Mode ${asked}`}
            mode={mode}
            danger
            onDone={() => {
              setMode(asked);
              offerWayBack(mode);
              setAsked(null);
            }}
            onCancel={() => setAsked(null)}
          />
        </Dialog>
      )}
    </>
  );
}

async function tighten(from: string, wanted: string, setBusy: (busy: boolean) => void) {
  setBusy(true);
  try {
    await applyChange(modeAsk(wanted), { done: `Mode ${wanted}` });
    setMode(wanted);
    offerWayBack(from);
  } catch (error) {
    toast.value = { kind: 'bad', text: `The mode was not switched. ${messageOf(error)}` };
  }
  setBusy(false);
}

function offerWayBack(mode: string): void {
  const said = toast.value;
  if (said === null) return;
  const undo = async () => {
    try {
      await applyChange(modeAsk(mode), { done: `Undone: mode ${mode}` });
      setMode(mode);
    } catch (error) {
      toast.value = { kind: 'bad', text: `Not undone. ${messageOf(error)}` };
    }
  };
  toast.value = { ...said, undo };
  lastUndo.value = undo;
}

function modeAsk(mode: string) {
  return { path: '/api/mode', body: { mode } };
}

/** The next look at the server says the same; until then the page need not be wrong. */
function setMode(mode: string): void {
  if (meta.value !== null) meta.value = { ...meta.value, mode };
}
