// What was changed in the policy, by whom and from where, as the record has it; newest first.

import { useEffect, useState } from 'preact/hooks';
import type { HistoryEntry } from '../../policy/policy-history.ts';
import { meta, noteFailure } from '../kit/app-state.ts';
import { formatTime, formatUtc } from '../kit/format.ts';
import { SafeText } from '../kit/safe-text.tsx';
import { changeCount, lastUndo, mayChange } from './change-state.ts';
import { DiffView } from './diff-view.tsx';
import { fetchHistory } from './policy-client.ts';

type Shown = { readonly entries: readonly HistoryEntry[]; readonly cursor: string | null };

export function HistoryList() {
  const [shown, setShown] = useState<Shown>({ entries: [], cursor: null });
  const [reading, setReading] = useState(true);
  const changes = changeCount.value;
  const version = meta.value?.policy_version;
  const load = async (known: Shown) => {
    setReading(true);
    try {
      const page = await fetchHistory(known.cursor);
      setShown({ entries: [...known.entries, ...page.entries], cursor: page.cursor });
    } catch (error) {
      noteFailure(error);
    }
    setReading(false);
  };
  useEffect(() => void load({ entries: [], cursor: null }), [changes, version]);
  const undo = lastUndo.value;
  return (
    <section class="history" aria-label="History">
      <div class="bar">
        <h2>History</h2>
        <span class="gap" />
        {undo && mayChange.value.may_change && (
          <button type="button" class="small" onClick={() => void undo()}>
            Undo the last change
          </button>
        )}
      </div>
      {shown.entries.length === 0 && !reading && (
        <p class="hint">The record has no change of the policy.</p>
      )}
      <ol>
        {shown.entries.map((entry) => (
          <li key={entry.at} class={entry.event}>
            <div class="bar">
              <b>
                <SafeText text={whatOf(entry)} />
              </b>
              <span class="gap" />
              <time title={formatUtc(entry.ts)}>
                {formatTime(entry.ts, new Date()).slice(0, 19)}
              </time>
            </div>
            <div class="hint">
              {entry.event === 'policy_error' ? (
                <SafeText text={entry.message} />
              ) : (
                <>
                  by <SafeText text={entry.actor || 'hand (no actor on the record)'} />
                  {entry.version !== null && `, version ${entry.version}`}
                </>
              )}
            </div>
            <DiffView lines={entry.diff} label="What changed" />
          </li>
        ))}
      </ol>
      {reading && <p class="hint">Reading the record…</p>}
      {shown.cursor !== null && !reading && (
        <button type="button" onClick={() => void load(shown)}>
          Older
        </button>
      )}
    </section>
  );
}

function whatOf({ event, file, previous, mode, line }: HistoryEntry): string {
  if (event === 'mode_change') return `Mode ${previous} → ${mode}`;
  if (event === 'policy_error') return `Mistake in ${file}:${line ?? 1}`;
  return `${file} changed`;
}
