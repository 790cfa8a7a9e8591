// A change before it is made: tried over the log, its diff shown, then made for exactly that text.

import { useEffect, useState } from 'preact/hooks';
import type { Trial } from '../../policy/policy-change.ts';
import { SafeText } from '../kit/safe-text.tsx';
import type { ChangeAsk } from './change-ask.ts';
import { applyChange, mayChange, messageOf } from './change-state.ts';
import { DiffView } from './diff-view.tsx';
import { effectTexts, partialText } from './effect-text.ts';
import { levelTexts } from './level-text.ts';
import { LevelWarning } from './level-warning.tsx';
import { tryChange } from './policy-client.ts';

type PreviewProps = {
  readonly ask: ChangeAsk;
  /** What the button says, and what the toast says afterwards. */
  readonly verb: string;
  readonly done: string;
  readonly mode: string;
  readonly danger?: boolean;
  readonly onDone: () => void;
  readonly onCancel: () => void;
};

/** Typing and clicking through choices does not try each of them. */
const SETTLE_MS = 200;

export function ChangePreview(props: PreviewProps) {
  const { ask, verb, done, onDone, onCancel } = props;
  const key = JSON.stringify(ask);
  const [answer, setAnswer] = useState<{ key: string; trial: Trial } | null>(null);
  const [problem, setProblem] = useState('');
  const [again, setAgain] = useState(0);
  const [busy, setBusy] = useState(false);
  const [confirmed, setConfirmed] = useState('');
  useEffect(() => {
    let isOld = false;
    setProblem('');
    const timer = setTimeout(() => {
      tryChange(ask).then(
        (trial) => isOld || setAnswer({ key, trial }),
        (error) => isOld || setProblem(messageOf(error)),
      );
    }, SETTLE_MS);
    return () => {
      isOld = true;
      clearTimeout(timer);
    };
  }, [key, again]);
  const trial = answer?.key === key && problem === '' ? answer.trial : null;
  const access = mayChange.value;
  const levels = trial === null || !trial.changed ? null : levelTexts(trial);
  // Of this change with these consequences, and of no other.
  const meant = JSON.stringify([key, levels?.loosens]);
  const isMeant = levels === null || levels.loosens.length === 0 || confirmed === meant;
  const apply = async () => {
    if (trial === null) return;
    setBusy(true);
    try {
      await applyChange(ask, { etag: trial.etag, done });
      onDone();
    } catch (error) {
      setProblem(messageOf(error));
    }
    setBusy(false);
  };
  return (
    <>
      <section class="preview" aria-busy={trial === null && problem === ''}>
        {problem !== '' ? (
          <p class="error" role="alert">
            <SafeText text={problem} />{' '}
            <button type="button" class="small" onClick={() => setAgain(again + 1)}>
              Look again
            </button>
          </p>
        ) : trial === null ? (
          <p class="hint">Trying it over the log…</p>
        ) : (
          <>
            <TrialView trial={trial} mode={props.mode} />
            {levels !== null && (
              <LevelWarning
                {...levels}
                confirmed={isMeant}
                onConfirm={(on) => setConfirmed(on ? meant : '')}
              />
            )}
          </>
        )}
      </section>
      <footer class="dialog-actions">
        {!access.may_change && <p class="error">Not possible from here: {access.reason}</p>}
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
        <button
          type="button"
          class={props.danger ? 'danger' : 'primary'}
          disabled={!access.may_change || busy || trial === null || !trial.changed || !isMeant}
          onClick={apply}
        >
          {busy ? 'Waiting for all workers…' : verb}
        </button>
      </footer>
    </>
  );
}

function TrialView({ trial, mode }: { trial: Trial; mode: string }) {
  const { effect, changed } = trial;
  if (!changed) return <p class="sentence">It stands there already: nothing to change.</p>;
  const { allowed, blocked, none } = effectTexts(effect);
  const partial = partialText(effect, new Date());
  return (
    <>
      <ul class="effect" aria-label="Effect">
        {allowed && (
          <li class="more">
            <span aria-hidden="true">+</span> {allowed} <Names list={effect.newly_allowed} />
          </li>
        )}
        {blocked && (
          <li class="less">
            <span aria-hidden="true">−</span> {blocked} <Names list={effect.newly_blocked} />
          </li>
        )}
        {none && (
          <li>
            <SafeText text={none} />
          </li>
        )}
      </ul>
      {partial && <p class="warn-text">{partial}</p>}
      {effect.mode !== mode && mode !== '' && trial.file !== 'mode' && (
        <p class="hint">
          Counted as {effect.mode} mode decides. In {mode} mode, which is in force, this list blocks
          nothing.
        </p>
      )}
      {trial.file !== 'mode' && <DiffView lines={trial.diff} label={`Changes of ${trial.file}`} />}
    </>
  );
}

function Names({
  list,
}: {
  list: { top_agents: readonly string[]; top_hosts: readonly string[] };
}) {
  return (
    <span class="hint">
      (<SafeText text={`${list.top_agents.join(', ')} → ${list.top_hosts.join(', ')}`} />)
    </span>
  );
}
