// What came of the last change, for a while, with the way back.

import { useEffect, useState } from 'preact/hooks';
import { SafeText } from '../kit/safe-text.tsx';
import { toast } from '../kit/toast.ts';

/** Long enough to read and to think again; the Policy page has it longer. */
const SHOWN_MS = 20_000;

export function UndoToast() {
  const shown = toast.value;
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    setBusy(false);
    if (shown === null) return;
    const timer = setTimeout(() => {
      if (toast.value === shown) toast.value = null;
    }, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  const undo = async () => {
    setBusy(true);
    await shown?.undo?.();
  };
  return (
    <div class="toasts" role="status">
      {shown !== null && (
        <div class={`toast ${shown.kind}`}>
          <span>
            <SafeText text={shown.text} />
          </span>
          {shown.undo && (
            <button type="button" disabled={busy} onClick={undo}>
              Undo
            </button>
          )}
          <button type="button" class="small" onClick={() => (toast.value = null)}>
            Dismiss
          </button>
        </div>
      )}
    </div>
  );
}
